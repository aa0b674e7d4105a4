package wsapi

const xnetPath = "golang.org/x/net/websocket"

// x/net/websocket documents that methods may be called concurrently and holds
// a lock for each direction in Read, Write, Send, Receive and Close. Only the
// frame writers that NewFrameWriter, a promoted method of an unexported
// interface, hands out are outside these locks.
var xnet = &Library{
	Name: "xnet", Module: "golang.org/x/net", Path: xnetPath, Version: "v0.62.0",
	Conns:    []string{xnetPath + ".Conn"},
	Failures: streamFailures,
	Writers:  Many, Readers: Many,
	// DefaultMaxPayloadBytes; the field MaxPayloadBytes of a Conn changes it.
	ReadLimit: 32 << 20,
	Funcs: []Func{
		{xnetPath, "Conn.Write", Writes, Receiver},
		{xnetPath, "Codec.Send", Writes, 0},
		// Conn embeds the interface, and so has its method.
		{xnetPath, "frameWriterFactory.NewFrameWriter", OpensWriter | Unguarded, Receiver},
		{xnetPath, "Conn.Read", Reads, Receiver},
		{xnetPath, "Codec.Receive", Reads, 0},
		{xnetPath, "Conn.SetDeadline", SetsReadDeadline | SetsWriteDeadline, Receiver},
		{xnetPath, "Conn.SetReadDeadline", SetsReadDeadline, Receiver},
		{xnetPath, "Conn.SetWriteDeadline", SetsWriteDeadline, Receiver},
		{xnetPath, "Conn.Close", Closes | WritesControl, Receiver},

		// The connection is the argument of the Handler function.
		{xnetPath, "Handler.ServeHTTP", Upgrades, NoConn},
		{xnetPath, "Server.ServeHTTP", Upgrades, NoConn},
		{xnetPath, "Dial", Dials, Result},
		{xnetPath, "DialConfig", Dials, Result},
		// The context of DialContext bounds the handshake alone.
		{xnetPath, "Config.DialContext", Dials, Result},
		{xnetPath, "NewClient", Dials, Result},
	},
	Upgraders: []Upgrader{
		// Handler asks for an Origin that parses and compares it with nothing.
		{Pkg: xnetPath, Type: "Handler", Unset: PresentOnly},
		{Pkg: xnetPath, Type: "Server", Check: "Handshake", Unset: NoCheck},
	},
}
