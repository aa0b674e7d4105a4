package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
)

// Engine makes connections of a WebSocket library. Accept and Dial run against
// a handshake in memory and must not touch anything else.
type Engine interface {
	// Name is the short name of the library, as WSMIGRATE_ENGINE spells it.
	Name() string

	// Accept answers a client's handshake without checking its origin.
	Accept(w http.ResponseWriter, r *http.Request, o Options) (Native, error)

	// Dial makes a client connection through hc.
	Dial(ctx context.Context, url string, hc *http.Client, o Options) (Native, error)
}

// Options is what a handshake in memory has to bring about.
type Options struct {
	Subprotocol string // empty for none
	Compress    bool   // permessage-deflate, no context takeover on either side

	writer *bufio.Writer // for the engine of a server to use, nil for one of its own
}

// Conn is an engine's connection as a codec needs it.
type Conn interface {
	// Reader returns the next data message, of type 1 (text) or 2 (binary).
	Reader(ctx context.Context) (typ int, r io.Reader, err error)

	// Write writes p as one data message in one frame.
	Write(ctx context.Context, typ int, p []byte) error

	// CloseNow releases the connection without a closing handshake. It may wait
	// for a Write that is in progress.
	CloseNow() error
}

// Native is a connection with the library's own behaviour: control frames are
// its business, and a context that ends while a call is in progress ends the
// connection.
type Native interface {
	Conn

	// Writer starts a data message that is written in pieces.
	Writer(ctx context.Context, typ int) (io.WriteCloser, error)

	// Ping sends a ping and waits for its pong, which needs somebody who reads.
	Ping(ctx context.Context) error

	// Close does the closing handshake.
	Close(code int, reason string) error

	// SetReadLimit bounds the size of a message; negative for no limit.
	SetReadLimit(n int64)

	// Subprotocol returns the negotiated subprotocol.
	Subprotocol() string

	// CloseStatus returns what the peer's close frame said, if err reports one.
	CloseStatus(err error) (code int, reason string, ok bool)

	// Unwrap returns the library's own connection.
	Unwrap() interface{}
}

// registered is the engine that a package's init chose instead of nhooyr. It
// is not written after that.
var registered Engine

// keepEngine is the way back without a rebuild: with WSMIGRATE_ENGINE=nhooyr a
// registered engine is not used.
var keepEngine = os.Getenv("WSMIGRATE_ENGINE") == Nhooyr{}.Name()

// Register makes e the engine of this program. It is for init functions, and
// panics when a different engine has registered already.
func Register(e Engine) {
	if registered != nil && registered.Name() != e.Name() {
		panic(fmt.Sprintf("wsmigrate/compat: two engines registered: %s and %s", registered.Name(), e.Name()))
	}
	registered = e
}

// Current returns the engine of this program.
func Current() Engine {
	if registered == nil || keepEngine {
		return Nhooyr{}
	}
	return registered
}

// Access lets a package that brings an engine into a websocket.Conn, which it
// cannot reach otherwise without an exported method. Package websocket sets it.
var Access struct {
	// Unwrap switches conn, a *websocket.Conn, to the engine's own connection
	// and returns that, or nil when the engine in use is not the one named.
	Unwrap func(conn interface{}, engine string) interface{}

	// Wrap returns a *websocket.Conn over n.
	Wrap func(n Native) interface{}
}
