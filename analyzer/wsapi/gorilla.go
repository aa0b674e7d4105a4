package wsapi

const gorillaPath = GorillaPath

// gorilla's contract, from its package documentation: one goroutine at a time
// for the write methods (SetWriteDeadline, EnableWriteCompression and
// SetCompressionLevel are among them) and one for the read methods (so are
// SetReadDeadline and the handler setters); Close and WriteControl are free.
var gorilla = &Library{
	Name: "gorilla", Module: GorillaModule, Path: gorillaPath, Version: "v1.5.3",
	Conns:    []string{gorillaPath + ".Conn"},
	Failures: gorillaFailures, NoKind: true,
	Writers: One, Readers: One,
	Funcs: []Func{
		{gorillaPath, "Conn.WriteMessage", Writes, Receiver},
		{gorillaPath, "Conn.WriteJSON", Writes, Receiver},
		{gorillaPath, "Conn.WritePreparedMessage", Writes, Receiver},
		{gorillaPath, "Conn.NextWriter", Writes | OpensWriter, Receiver},
		{gorillaPath, "Conn.SetWriteDeadline", SetsWriteDeadline, Receiver},
		{gorillaPath, "Conn.EnableWriteCompression", ConfiguresWrites, Receiver},
		{gorillaPath, "Conn.SetCompressionLevel", ConfiguresWrites, Receiver},
		{gorillaPath, "Conn.WriteControl", WritesControl, Receiver},

		{gorillaPath, "Conn.ReadMessage", Reads, Receiver},
		{gorillaPath, "Conn.ReadJSON", Reads, Receiver},
		{gorillaPath, "Conn.NextReader", Reads | OpensReader, Receiver},
		{gorillaPath, "Conn.SetReadDeadline", SetsReadDeadline, Receiver},
		{gorillaPath, "Conn.SetReadLimit", SetsReadLimit, Receiver},
		{gorillaPath, "Conn.SetPingHandler", SetsHandler, Receiver},
		{gorillaPath, "Conn.SetPongHandler", SetsHandler, Receiver},
		{gorillaPath, "Conn.SetCloseHandler", SetsHandler, Receiver},

		{gorillaPath, "Conn.Close", Closes, Receiver},

		{gorillaPath, "WriteJSON", Writes, 0},
		{gorillaPath, "ReadJSON", Reads, 0},
		// The first Read of the reader that JoinMessages returns is what
		// reads from the connection.
		{gorillaPath, "JoinMessages", OpensReader, 0},

		{gorillaPath, "Upgrader.Upgrade", Upgrades, Result},
		{gorillaPath, "Upgrade", Upgrades, Result},
		// The context of DialContext bounds the handshake alone.
		{gorillaPath, "Dialer.Dial", Dials, Result},
		{gorillaPath, "Dialer.DialContext", Dials, Result},
		{gorillaPath, "NewClient", Dials, Result},
	},
	Upgraders: []Upgrader{
		{Pkg: gorillaPath, Type: "Upgrader", Check: "CheckOrigin", Unset: SameHost},
		// The deprecated function leaves the check to its caller.
		{Pkg: gorillaPath, Type: "Upgrade", Unset: NoCheck},
	},
}
