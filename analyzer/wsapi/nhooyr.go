package wsapi

const (
	nhooyrPath   = "nhooyr.io/websocket"
	nhooyrWSJSON = nhooyrPath + "/wsjson"
)

// nhooyr's contract, from the documentation of Conn: every method may run
// concurrently except Reader and Read; somebody must always read (or CloseRead
// must have been called), or pings, pongs and close frames go unanswered; and
// any error, an ended context included, closes the connection.
var nhooyr = &Library{
	Name: "nhooyr", Module: nhooyrPath, Path: nhooyrPath, Version: TargetNhooyr.Version,
	Conns:    []string{nhooyrPath + ".Conn"},
	Failures: nhooyrFailures,
	Writers:  Many, Readers: One,
	ReadLimit: 32 << 10, NoLimit: -1,
	Funcs: []Func{
		{nhooyrPath, "Conn.Write", Writes | WantsContext, Receiver},
		{nhooyrPath, "Conn.Writer", Writes | OpensWriter | WantsContext, Receiver},
		// A context that ends while Ping waits for the pong leaves the
		// connection alone; one that ends while the ping is written does not.
		{nhooyrPath, "Conn.Ping", WritesControl | WantsContext, Receiver},

		{nhooyrPath, "Conn.Read", Reads | WantsContext, Receiver},
		{nhooyrPath, "Conn.Reader", Reads | OpensReader | WantsContext, Receiver},
		// CloseRead reads in a goroutine of its own until the end.
		{nhooyrPath, "Conn.CloseRead", Reads | WantsContext, Receiver},
		{nhooyrPath, "Conn.SetReadLimit", SetsReadLimit, Receiver},

		{nhooyrPath, "Conn.Close", Closes | WritesControl, Receiver},
		{nhooyrPath, "Conn.CloseNow", Closes, Receiver},

		// NetConn switches the read limit off.
		{nhooyrPath, "NetConn", OpensReader | OpensWriter | SetsReadLimit | WantsContext, 1},

		{nhooyrWSJSON, "Write", Writes | WantsContext, 1},
		{nhooyrWSJSON, "Read", Reads | WantsContext, 1},

		{nhooyrPath, "Accept", Upgrades, Result},
		// The context of Dial bounds the handshake alone.
		{nhooyrPath, "Dial", Dials, Result},
	},
	Upgraders: []Upgrader{
		{Pkg: nhooyrPath, Type: "AcceptOptions", Off: []Symbol{"InsecureSkipVerify", "OriginPatterns"}, Unset: SameHost},
	},
}
