package websocket

import (
	"errors"
	"time"

	nhooyr "nhooyr.io/websocket"

	"github.com/wsmigrate/wsmigrate/compat/internal/engine"
)

// Engine returns the name of the library under this package, "nhooyr" or "coder".
func Engine() string { return engine.Current().Name() }

// Wrap returns a Conn over a native connection, for code that still wants this
// package's methods. It is in pass-through mode, see [Conn.Unwrap].
func Wrap(conn *nhooyr.Conn) *Conn { return wrap(engine.NhooyrConn{C: conn}) }

func wrap(n engine.Native) *Conn {
	c := &Conn{subprotocol: n.Subprotocol()}
	c.init()
	c.native.Store(&native{c: c, n: n})
	return c
}

// Unwrap returns the connection as one of nhooyr.io/websocket, for code that
// is already native, and nil when the engine is another. It keeps the read
// limit and ends the message that is open for writing. No other goroutine may
// be reading: Unwrap waits for it.
//
// From then on c is in pass-through mode: it works on top of the native
// connection, and control frames are the engine's business. Ping and close
// handlers are not called, a pong handler is for pongs that answer a ping sent
// by c, WriteControl does nothing for a pong and does the closing handshake
// for a close message, and a deadline that passes during a call closes the
// connection.
func (c *Conn) Unwrap() *nhooyr.Conn {
	n, _ := c.unwrap(engine.Nhooyr{}.Name()).(*nhooyr.Conn)
	return n
}

func init() {
	engine.Access.Unwrap = func(conn interface{}, name string) interface{} { return conn.(*Conn).unwrap(name) }
	engine.Access.Wrap = func(n engine.Native) interface{} { return wrap(n) }
}

var errUnwrapped = errors.New("websocket: connection was unwrapped during the call")

// unwrap switches c to pass-through mode and returns the native connection, or
// nil when the engine is not the one named.
func (c *Conn) unwrap(name string) interface{} {
	if n := c.native.Load(); n != nil {
		return n.n.Unwrap()
	}
	e := engine.Current()
	if e.Name() != name {
		return nil
	}
	c.msgMu.Lock()
	defer c.msgMu.Unlock()
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if n := c.native.Load(); n != nil {
		return n.n.Unwrap()
	}
	c.closeWriter()
	c.lockFrame()
	defer c.unlockFrame()

	raw := &rawStream{c: c, skip: c.remaining > 0 || !c.final, readErr: c.readErr}
	n, err := engine.Open(e, raw, c.server, engine.Options{Subprotocol: c.subprotocol, Compress: c.compress})
	if err != nil {
		panic("wsmigrate/compat: engine " + e.Name() + " refused a connection: " + err.Error())
	}
	// Calls that wait for a lock here must not use the stream any more.
	if err := c.failWritesOnce(errUnwrapped); err != errUnwrapped {
		raw.writeErr = err
	}
	c.readErr = errUnwrapped
	// A native connection has deadlines by context alone.
	_ = c.netConn.SetDeadline(time.Time{})
	p := &native{c: c, n: n, err: raw.readErr, writeErr: raw.writeErr, closeSent: raw.writeErr == ErrCloseSent}
	p.setReadLimit(c.readLimit.Load())
	c.native.Store(p)
	c.release()
	return n.Unwrap()
}

// failWritesOnce makes all later writes fail with err, unless they do already,
// and returns what they fail with.
func (c *Conn) failWritesOnce(err error) error {
	_ = c.failWrites(err)
	return c.stickyWriteErr()
}

// rawStream is the network connection of c as a native connection sees it.
type rawStream struct {
	c    *Conn
	skip bool // a message was read in part

	// Errors of c before: the stream may have ended within a frame, or with a
	// close frame.
	readErr, writeErr error
}

// Read implements io.Reader. The native connection reads in one goroutine at a time.
func (s *rawStream) Read(p []byte) (int, error) {
	if s.readErr != nil {
		return 0, s.readErr
	}
	if s.skip {
		if err := s.c.skipMessage(); err != nil {
			return 0, err
		}
		s.skip = false
	}
	return s.c.br.Read(p)
}

func (s *rawStream) Write(p []byte) (int, error) {
	if s.writeErr != nil {
		return 0, s.writeErr
	}
	return s.c.netConn.Write(p)
}

func (s *rawStream) Close() error { return s.c.netConn.Close() }

// skipMessage discards the rest of the current message.
func (c *Conn) skipMessage() error {
	c.readMu.Lock()
	defer c.readMu.Unlock()
	for !c.final {
		if _, err := c.advanceFrame(); err != nil {
			return err
		}
	}
	return c.skipPayload()
}
