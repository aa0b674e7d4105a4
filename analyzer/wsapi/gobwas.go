package wsapi

const (
	gobwasPath   = "github.com/gobwas/ws"
	gobwasWSUtil = gobwasPath + "/wsutil"
)

// gobwas/ws has no connection type: it writes frames to any io.Writer and
// serialises nothing. The Read…Data, Read…Text and Read…Binary helpers answer
// pings and close frames on the same net.Conn, so one goroutine that reads
// with them is a writer too, beside the application's own. Control frames
// count as writes for the same reason.
//
// The readers and writers of wsutil stand for the connection that they wrap:
// their methods name themselves as Receiver.
var gobwas = &Library{
	Name: "gobwas", Module: gobwasPath, Path: gobwasPath, Version: "v1.4.0",
	Writers: One, Readers: One, Failures: streamFailures,
	Funcs: []Func{
		{gobwasPath, "WriteFrame", Writes, 0},
		{gobwasPath, "MustWriteFrame", Writes, 0},
		{gobwasPath, "WriteHeader", Writes, 0},
		{gobwasPath, "ReadFrame", Reads, 0},
		{gobwasPath, "MustReadFrame", Reads, 0},
		{gobwasPath, "ReadHeader", Reads, 0},

		{gobwasPath, "UpgradeHTTP", Upgrades, Result},
		{gobwasPath, "HTTPUpgrader.Upgrade", Upgrades, Result},
		{gobwasPath, "Upgrade", Upgrades, 0},
		{gobwasPath, "Upgrader.Upgrade", Upgrades, 0},
		{gobwasPath, "Dial", Dials, Result},
		{gobwasPath, "Dialer.Dial", Dials, Result},
		{gobwasPath, "Dialer.Upgrade", Dials, 0},
		{gobwasWSUtil, "DebugUpgrader.Upgrade", Upgrades, 0},
		{gobwasWSUtil, "DebugDialer.Dial", Dials, Result},

		{gobwasWSUtil, "WriteMessage", Writes, 0},
		{gobwasWSUtil, "WriteServerMessage", Writes, 0},
		{gobwasWSUtil, "WriteServerText", Writes, 0},
		{gobwasWSUtil, "WriteServerBinary", Writes, 0},
		{gobwasWSUtil, "WriteClientMessage", Writes, 0},
		{gobwasWSUtil, "WriteClientText", Writes, 0},
		{gobwasWSUtil, "WriteClientBinary", Writes, 0},

		// These collect control frames for the caller and write nothing.
		{gobwasWSUtil, "ReadMessage", Reads, 0},
		{gobwasWSUtil, "ReadClientMessage", Reads, 0},
		{gobwasWSUtil, "ReadServerMessage", Reads, 0},
		{gobwasWSUtil, "NextReader", Reads | OpensReader, 0},

		{gobwasWSUtil, "ReadData", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadClientData", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadClientText", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadClientBinary", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadServerData", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadServerText", readsAndAnswers, 0},
		{gobwasWSUtil, "ReadServerBinary", readsAndAnswers, 0},

		{gobwasWSUtil, "HandleControlMessage", Writes | WritesControl, 0},
		{gobwasWSUtil, "HandleClientControlMessage", Writes | WritesControl, 0},
		{gobwasWSUtil, "HandleServerControlMessage", Writes | WritesControl, 0},
		{gobwasWSUtil, "ControlHandler.Handle", Writes | WritesControl, Receiver},
		{gobwasWSUtil, "ControlHandler.HandlePing", Writes | WritesControl, Receiver},
		{gobwasWSUtil, "ControlHandler.HandleClose", Writes | WritesControl, Receiver},

		{gobwasWSUtil, "NewWriter", OpensWriter, 0},
		{gobwasWSUtil, "NewWriterSize", OpensWriter, 0},
		{gobwasWSUtil, "NewWriterBuffer", OpensWriter, 0},
		{gobwasWSUtil, "NewWriterBufferSize", OpensWriter, 0},
		{gobwasWSUtil, "GetWriter", OpensWriter, 0},
		{gobwasWSUtil, "Writer.Reset", OpensWriter, 0},
		{gobwasWSUtil, "Writer.Write", Writes, Receiver},
		{gobwasWSUtil, "Writer.WriteThrough", Writes, Receiver},
		{gobwasWSUtil, "Writer.ReadFrom", Writes, Receiver},
		{gobwasWSUtil, "Writer.Flush", Writes, Receiver},
		{gobwasWSUtil, "Writer.FlushFragment", Writes, Receiver},
		{gobwasWSUtil, "NewControlWriter", OpensWriter, 0},
		{gobwasWSUtil, "NewControlWriterBuffer", OpensWriter, 0},
		{gobwasWSUtil, "ControlWriter.Write", Writes | WritesControl, Receiver},
		{gobwasWSUtil, "ControlWriter.Flush", Writes | WritesControl, Receiver},

		{gobwasWSUtil, "NewReader", OpensReader, 0},
		{gobwasWSUtil, "NewClientSideReader", OpensReader, 0},
		{gobwasWSUtil, "NewServerSideReader", OpensReader, 0},
		{gobwasWSUtil, "Reader.NextFrame", Reads, Receiver},
		{gobwasWSUtil, "Reader.Read", Reads, Receiver},
		{gobwasWSUtil, "Reader.Discard", Reads, Receiver},
	},
	// The library never looks at the Origin header. OnHeader is where a
	// program that uses Upgrader can, or can take the Origin down for
	// OnBeforeUpgrade; the others offer no place, the check has to stand
	// before the call.
	Upgraders: []Upgrader{
		{Pkg: gobwasPath, Type: "Upgrader", Check: "OnHeader", ByHeader: true, Unset: NoCheck},
		{Pkg: gobwasPath, Type: "HTTPUpgrader", Unset: NoCheck},
		{Pkg: gobwasPath, Type: "UpgradeHTTP", Unset: NoCheck},
		{Pkg: gobwasPath, Type: "Upgrade", Unset: NoCheck},
	},
}

const readsAndAnswers = Reads | Writes | WritesControl
