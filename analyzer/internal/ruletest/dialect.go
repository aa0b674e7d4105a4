package ruletest

import "maps"

// A dialect is how the cases that are written once for all libraries say
// things in one of them.
type dialect struct {
	library string // the folder: gorilla
	// free says that the library lets several goroutines write: there is
	// nothing to find.
	free    bool
	imports []string
	// The %s of a phrase is the connection, or what the phrase names; § is
	// where findings about the connection that a handler gets stand.
	phrases map[string]string
}

// The phrases: conn is the type; handler and dial begin a function that has a
// conn, register makes the handler one; reading begins a loop; open makes a
// message writer w, which finish ends; send is a write under the library's own
// lock, if there is one.
var dialects = []dialect{
	{
		library: "gorilla", imports: []string{"net/http", "github.com/gorilla/websocket"},
		phrases: with(messages, map[string]string{
			"handler":  "func %s(w http.ResponseWriter, r *http.Request) {\n\tconn, err := new(websocket.Upgrader).Upgrade(w, r, nil)§\n" + unless,
			"register": registered,
		}),
	},
	{
		library: "fasthttp", imports: []string{"github.com/fasthttp/websocket", "github.com/valyala/fasthttp"},
		phrases: with(messages, map[string]string{
			"handler":  served + "§",
			"register": "_ = func(ctx *fasthttp.RequestCtx) error { return new(websocket.FastHTTPUpgrader).Upgrade(ctx, %s) }",
		}),
	},
	{
		library: "gofiber", imports: []string{"github.com/gofiber/contrib/websocket"},
		phrases: without(with(messages, map[string]string{
			"handler":  served,
			"register": "_ = websocket.New(%s)§",
		}), "dial"),
	},
	{
		library: "gobwas", imports: []string{"context", "net", "net/http", "github.com/gobwas/ws", "github.com/gobwas/ws/wsutil"},
		phrases: map[string]string{
			"conn":     "net.Conn",
			"handler":  "func %s(w http.ResponseWriter, r *http.Request) {\n\tconn, _, _, err := ws.UpgradeHTTP(r, w)§\n" + unless,
			"register": registered,
			"dial":     `conn, _, _, err := ws.Dial(context.Background(), "ws://localhost")`,
			"write":    "wsutil.WriteServerText(%s, nil)",
			"send":     "wsutil.WriteServerText(%s, nil)",
			"ping":     "wsutil.WriteServerMessage(%s, ws.OpPing, nil)",
			"reading":  "for {\n\tif _, err := wsutil.ReadClientMessage(%s, nil); err != nil {\n\t\treturn\n\t}",
			"receive":  "_, err := wsutil.ReadClientMessage(%s, nil)",
			"drop":     "wsutil.ReadClientMessage(%s, nil)",
			"open":     "w := wsutil.NewWriter(%s, ws.StateServerSide, ws.OpText)",
			"finish":   "w.Flush()",
			"close":    "%s.Close()",
			"alive":    alive,
			"forever":  forever,
			"timely":   timely,
		},
	},
	{
		// Only what writes frames takes none of the library's locks.
		library: "xnet", imports: []string{"net/http", "golang.org/x/net/websocket"},
		phrases: map[string]string{
			"conn":     "*websocket.Conn",
			"handler":  served + "§",
			"register": `http.Handle("/", websocket.Handler(%s))`,
			"dial":     `conn, err := websocket.Dial("ws://localhost", "", "http://localhost")`,
			"write":    "if w, err := %s.NewFrameWriter(websocket.PingFrame); err == nil { w.Write(nil) }",
			"send":     "websocket.JSON.Send(%s, 1)",
			"reading":  "for {\n\tif _, err := %s.Read(nil); err != nil {\n\t\treturn\n\t}",
			"receive":  "_, err := %s.Read(nil)",
			"drop":     "%s.Read(nil)",
			"open":     "w, err := %s.NewFrameWriter(websocket.PingFrame)\n" + unless,
			"finish":   "w.Close()",
			"close":    "%s.Close()",
			"alive":    alive,
			"forever":  forever,
			"timely":   timely,
		},
	},
	{library: "nhooyr", free: true, imports: []string{"context", "net/http", "nhooyr.io/websocket"}, phrases: native},
	{library: "coder", free: true, imports: []string{"context", "net/http", "github.com/coder/websocket"}, phrases: native},
}

const (
	unless     = "\tif err != nil {\n\t\treturn\n\t}"
	served     = "func %s(conn *websocket.Conn) {"
	registered = `http.HandleFunc("/", %s)`

	nextWriter   = "w, err := %s.NextWriter(websocket.TextMessage)"
	nativeWriter = "w, err := %s.Writer(context.Background(), websocket.MessageText)"

	alive   = "%s.SetReadDeadline(time.Now().Add(time.Minute))"
	forever = "%s.SetReadDeadline(time.Time{})"
	timely  = "%s.SetWriteDeadline(time.Now().Add(time.Second))"
)

// messages is what gorilla and its forks say alike.
var messages = map[string]string{
	"conn":    "*websocket.Conn",
	"dial":    `conn, _, err := websocket.DefaultDialer.Dial("ws://localhost", nil)`,
	"write":   "%s.WriteMessage(websocket.TextMessage, nil)",
	"send":    "%s.WriteMessage(websocket.TextMessage, nil)",
	"ping":    "%s.WriteMessage(websocket.PingMessage, nil)",
	"reading": "for {\n\tif _, _, err := %s.ReadMessage(); err != nil {\n\t\treturn\n\t}",
	"receive": "_, _, err := %s.ReadMessage()",
	"drop":    "%s.ReadMessage()",
	"open":    nextWriter + "\n" + unless,
	"message": nextWriter,
	"finish":  "w.Close()",
	"close":   "%s.Close()",
	"alive":   alive,
	"forever": forever,
	"timely":  timely,
	"limit":   "%s.SetReadLimit(512)",
}

// native is what nhooyr and coder say alike.
var native = map[string]string{
	"conn":     "*websocket.Conn",
	"handler":  "func %s(w http.ResponseWriter, r *http.Request) {\n\tconn, err := websocket.Accept(w, r, nil)§\n" + unless,
	"register": registered,
	"dial":     `conn, _, err := websocket.Dial(context.Background(), "ws://localhost", nil)`,
	"write":    "%s.Write(context.Background(), websocket.MessageText, nil)",
	"send":     "%s.Write(context.Background(), websocket.MessageText, nil)",
	"ping":     "%s.Ping(context.Background())",
	"reading":  "for {\n\tif _, _, err := %s.Read(context.Background()); err != nil {\n\t\treturn\n\t}",
	"receive":  "_, _, err := %s.Read(context.Background())",
	"drop":     "%s.Read(context.Background())",
	"open":     nativeWriter + "\n" + unless,
	"message":  nativeWriter,
	"finish":   "w.Close()",
	"close":    "%s.CloseNow()",
	"limit":    "%s.SetReadLimit(512)",
}

func with(phrases, more map[string]string) map[string]string {
	all := maps.Clone(phrases)
	maps.Copy(all, more)
	return all
}

func without(phrases map[string]string, names ...string) map[string]string {
	rest := maps.Clone(phrases)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}
