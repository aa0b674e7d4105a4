package wsapi_test

// The tests load these packages; the imports keep them in go.mod.
import (
	_ "github.com/coder/websocket"
	_ "github.com/coder/websocket/wsjson"
	_ "github.com/fasthttp/websocket"
	_ "github.com/gobwas/ws"
	_ "github.com/gobwas/ws/wsutil"
	_ "github.com/gofiber/contrib/websocket"
	_ "github.com/gorilla/websocket"
	_ "golang.org/x/net/websocket"
	_ "nhooyr.io/websocket"
	_ "nhooyr.io/websocket/wsjson"
)
