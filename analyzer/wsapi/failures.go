package wsapi

import "go/types"

// A Failure is one way in which a read fails and every later read on the
// connection fails too.
type Failure struct {
	What string // as a noun: "a reset connection"
	Text string // what the error's Error method returns; empty if that varies
	// Code is the code of the close frame that the library's own error
	// carries, and 0 where the error is of another type.
	Code int
	// EOF says that the error is io.EOF, Closed that it is net.ErrClosed,
	// Network that it is a net.Error, and Timeout that its Timeout method
	// returns true.
	EOF, Closed, Network, Timeout bool
	// Deadline says that the error wraps context.DeadlineExceeded.
	Deadline bool
}

var (
	corrupt  = Failure{What: "a frame that breaks the protocol", Text: "websocket: protocol error"}
	reset    = Failure{What: "a reset connection", Text: "read tcp: read: connection reset by peer", Network: true}
	closed   = Failure{What: "a connection that this side closed", Text: "read tcp: use of closed network connection", Network: true, Closed: true}
	vanished = Failure{What: "the end of the stream", Text: "EOF", EOF: true}
)

// gorilla turns the end of the stream into a close error and keeps what a read
// returned, timeouts included, for all later ones.
var gorillaFailures = []Failure{
	reset, corrupt, closed,
	{What: "a close frame with code 1000", Text: "websocket: close 1000 (normal)", Code: 1000},
	{What: "a close frame with code 1001", Text: "websocket: close 1001 (going away)", Code: 1001},
	{What: "a connection that ended without a close frame", Text: "websocket: close 1006 (abnormal closure): unexpected EOF", Code: 1006},
	{What: "a read that timed out", Text: "read tcp: i/o timeout", Network: true, Timeout: true},
}

// nhooyr closes the connection on any error. The end of a context is not among
// these: a caller that ends it knows.
var nhooyrFailures = []Failure{
	{What: reset.What, Network: true}, {What: corrupt.What},
	{What: "a close frame with code 1000", Code: 1000},
	{What: "a close frame with code 1001", Code: 1001},
}

// Expired is the failure of a call whose context has run out of time, in a
// library that closes the connection then.
var Expired = Failure{What: "the end of its context", Network: true, Timeout: true, Deadline: true}

// streamFailures are those of the libraries that read a net.Conn as it is: a
// read may be tried again after a timeout.
var streamFailures = []Failure{reset, corrupt, closed, vanished}

// An ErrorTest says what a function of a library finds out about an error.
type ErrorTest int

const (
	// NoTest finds out nothing.
	NoTest ErrorTest = iota
	// IsClose is true for a close error with one of the codes given.
	IsClose
	// IsOtherClose is true for a close error with none of the codes given,
	// and false for any error that is no close error.
	IsOtherClose
	// CodeOf returns the close error's code, and -1 for other errors.
	CodeOf
)

// TestOf returns what fn finds out about its first argument, an error.
func TestOf(fn *types.Func) ErrorTest {
	if fn == nil || fn.Pkg() == nil || fn.Signature().Recv() != nil || LibraryOf(fn.Pkg().Path()) == nil {
		return NoTest
	}
	switch fn.Name() {
	case "IsCloseError":
		return IsClose
	case "IsUnexpectedCloseError":
		return IsOtherClose
	case "CloseStatus":
		return CodeOf
	}
	return NoTest
}

// MakersOf returns the roles of the calls that return the error which sym is,
// tests or is a part of, any of them, and 0 for what concerns no error.
func MakersOf(sym Symbol) Role {
	switch sym {
	case "IsCloseError", "IsUnexpectedCloseError", "CloseError", "CloseError.Code", "CloseError.Text", "CloseError.Error", "ErrReadLimit":
		return Reads | OpensReader
	case "ErrCloseSent":
		return Writes | WritesControl | OpensWriter
	case "ErrBadHandshake":
		return Dials
	case "HandshakeError", "HandshakeError.Error":
		return Upgrades
	}
	return 0
}
