package wsapi

const gofiberPath = "github.com/gofiber/contrib/websocket"

// gofiber wraps fasthttp's connections for the Fiber framework: its Conn embeds
// one, so what is called on it are fasthttp's methods, with fasthttp's
// contract. Its middleware checks nothing while Config.Origins is empty.
var gofiber = &Library{
	Name: "gofiber", Module: gofiberPath, Path: gofiberPath, Version: "v1.3.4",
	Conns:    []string{gofiberPath + ".Conn"},
	Failures: gorillaFailures, NoKind: true,
	Writers: One, Readers: One,
	Funcs: []Func{
		// The connection is the argument of the handler.
		{gofiberPath, "New", Upgrades, NoConn},
	},
	Upgraders: []Upgrader{
		{Pkg: gofiberPath, Type: "New", Unset: NoCheck},
		{Pkg: gofiberPath, Type: "Config", Lists: "Origins", Unset: NoCheck},
	},
}

// gofiberV2 is where the middleware was before, and gofiberV3 the one for
// Fiber v3. Both have the same names with the same meaning.
var (
	gofiberV2 = fork(gofiber, Library{Name: "gofiber", Path: "github.com/gofiber/websocket/v2"})
	gofiberV3 = fork(gofiber, Library{Name: "gofiber", Path: "github.com/gofiber/contrib/v3/websocket"})
)
