package websocket

import (
	"errors"
	"io"
	"time"

	nhooyr "nhooyr.io/websocket"

	"github.com/wsmigrate/wsmigrate/compat/internal/engine"
	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// Engine returns the name of the library under this package, "nhooyr" or "coder".
func Engine() string { return engine.Current().Name() }

// Wrap returns a Conn over a native connection, for code that still wants this
// package's methods. It is in pass-through mode: see "Native connections" in
// the package's documentation.
// The native connection keeps its read limit until SetReadLimit is called.
func Wrap(conn *nhooyr.Conn) *Conn { return wrap(engine.NhooyrConn{C: conn}) }

func wrap(n engine.Native) *Conn {
	c := &Conn{subprotocol: n.Subprotocol()}
	c.init()
	c.native.Store(&native{c: c, n: n})
	return c
}

// Unwrap returns the connection as one of nhooyr.io/websocket, for code that
// is already native, and nil when the engine is another. It keeps the read
// limit and the write deadline, clears the read deadline, and ends the message
// that is open for writing. What is left of a message that was read in part is
// discarded. Unwrap waits for a read in progress, so no other goroutine may be
// blocked in one; in a handler it may be called, and fails the read around it.
//
// From then on c is in pass-through mode, as a connection of [Wrap] is: see
// "Native connections" in the package's documentation.
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
	pass int  // bytes of a control frame amid it that the native connection has not read yet

	// Errors of c before: the stream may have ended within a frame, or with a
	// close frame.
	readErr, writeErr error
}

// Read implements io.Reader. The native connection reads in one goroutine at a time.
func (s *rawStream) Read(p []byte) (int, error) {
	if s.readErr != nil {
		return 0, ended(s.readErr)
	}
	for s.skip && s.pass == 0 {
		if err := s.skipFrame(); err != nil {
			return 0, ended(err)
		}
	}
	if s.pass > 0 && len(p) > s.pass {
		p = p[:s.pass]
	}
	n, err := s.c.br.Read(p)
	if s.pass > 0 {
		s.pass -= n
	}
	return n, ended(err)
}

// skipFrame discards a data frame of the message that was read in part, or
// lets the native connection see the control frame that comes next.
func (s *rawStream) skipFrame() error {
	c := s.c
	c.readMu.Lock()
	defer c.readMu.Unlock()
	if err := c.skipPayload(); err != nil {
		return err
	}
	if c.final {
		s.skip = false
		return nil
	}
	head, err := c.br.Peek(2)
	if err != nil {
		return err
	}
	if head[0]&wire.OpcodeMask < wire.Close {
		_, err := c.advanceFrame()
		return err
	}
	s.pass = 2 + int(head[1]&wire.LengthMask) // a longer one is unlawful anyway
	if head[1]&wire.MaskBit != 0 {
		s.pass += 4
	}
	return nil
}

// ended keeps the end of the stream from a native connection, which takes
// io.EOF for the end of a message wherever it comes.
func ended(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errUnexpectedEOF
	}
	return err
}

func (s *rawStream) Write(p []byte) (int, error) {
	if s.writeErr != nil {
		return 0, s.writeErr
	}
	return s.c.netConn.Write(p)
}

func (s *rawStream) Close() error { return s.c.netConn.Close() }
