package websocket

import (
	"bufio"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/engine"
	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

const (
	defaultReadBufferSize  = 4096
	defaultWriteBufferSize = 4096

	// serverReadBufferSize is less, because servers have many connections that
	// wait. A message that is longer is read in two reads.
	serverReadBufferSize = 2048

	// replyWait bounds how long an automatic reply to the peer may take.
	replyWait = time.Second
)

// BufferPool is a pool of write buffers shared by connections that rarely
// write. *sync.Pool implements it. What is stored is private to this package.
type BufferPool interface {
	// Get returns a value put before, or nil when the pool is empty.
	Get() interface{}
	// Put hands a value to the pool.
	Put(interface{})
}

// Conn is a WebSocket connection.
//
// Any number of goroutines may call its methods. Writes are serialised, one
// call at a time. Reads are too, but a message is for one goroutine: when another
// starts to read the next one, between two calls or while a handler runs, the
// read that was overtaken fails or is at its end.
type Conn struct {
	netConn     net.Conn
	server      bool
	subprotocol string
	compress    bool // permessage-deflate was negotiated

	link      *engine.Link
	guard     *guard
	closeOnce sync.Once
	native    nativeValue // set in pass-through mode, see Unwrap

	// stateMu guards what setters set. It is never held while blocking or while
	// calling user code.
	stateMu       sync.Mutex
	pingHandler   func(appData string) error
	pongHandler   func(appData string) error
	closeHandler  func(code int, text string) error
	writeDeadline time.Time
	writeErr      error // sticky: every later frame fails with it

	ownPing, ownPong, ownClose bool // the handler is the default

	readLimit     atomic.Int64
	writeCompress atomic.Bool
	writeLevel    atomic.Int32

	// frameMu is held, by a value in it, while one frame is written.
	// A channel, because WriteControl waits for it with a timeout.
	frameMu chan struct{}

	// msgMu makes one call of a writing method atomic. It is held while the
	// call's frames are written, but not between the calls on a message
	// writer, and not while user code runs, a BufferPool's excepted.
	// Order: msgMu before frameMu.
	msgMu        sync.Mutex
	writer       *messageWriter // the open one
	writeBuf     []byte         // nil while no message needs it, and between messages if it is small
	writeBufSize int
	writePool    BufferPool
	pooled       *pooledBuffer // what writeBuf came from, if from the pool

	// readMu guards the read state below. It is held while reading from the
	// network and released while a handler of the user's runs.
	readMu     sync.Mutex
	br         *bufio.Reader
	ahead      *readAhead // what br reads
	open       int        // the message that may still be read, by the value of started; 0 at its end
	inflate    *inflater  // of that message, or of one that is at its end
	readErr    error      // sticky
	readFails  int
	started    int   // how often a read has started to look for a message
	remaining  int64 // payload bytes of the current frame not read yet
	final      bool  // the current frame is the last of its message
	compressed bool  // the last frame header had RSV1
	length     int64 // wire payload of the current message so far
	maskKey    [4]byte
	maskPos    int64
}

// pooledBuffer is what a BufferPool holds, so that nobody comes to depend on it.
type pooledBuffer struct{ buf []byte }

// connConfig is what a finished handshake knows of a connection.
type connConfig struct {
	netConn         net.Conn      // hijacked or dialled
	server          bool          // the role of this side
	ahead           *readAhead    // what br reads, nil without br
	br              *bufio.Reader // reader of the handshake, possibly holding early bytes; may be nil
	readBufferSize  int           // as given by the user; 0 asks for a default
	writeBufferSize int           // as given by the user, or that of an adopted buffer; 0 asks for the default
	writeBufferPool BufferPool
	subprotocol     string
	compress        bool // permessage-deflate without context takeover, both ways
}

// newConn makes a Conn of a finished handshake. It does no network I/O.
func newConn(cfg connConfig) *Conn {
	if cfg.br == nil {
		size := cfg.readBufferSize
		if size == 0 && cfg.server {
			size = serverReadBufferSize
		} else if size == 0 {
			size = defaultReadBufferSize
		} else if size < wire.MaxControlPayload {
			size = wire.MaxControlPayload
		}
		cfg.ahead = &readAhead{conn: cfg.netConn}
		cfg.br = bufio.NewReaderSize(cfg.ahead, size)
	}
	if cfg.writeBufferSize <= 0 {
		cfg.writeBufferSize = defaultWriteBufferSize
	}
	link := engine.NewLink(cfg.netConn, cfg.server)
	c := &Conn{
		netConn:      cfg.netConn,
		server:       cfg.server,
		subprotocol:  cfg.subprotocol,
		compress:     cfg.compress,
		link:         link,
		guard:        newGuard(link),
		frameMu:      make(chan struct{}, 1),
		writeBufSize: cfg.writeBufferSize,
		writePool:    cfg.writeBufferPool,
		br:           cfg.br,
		ahead:        cfg.ahead,
		final:        true,
	}
	c.init()
	return c
}

func (c *Conn) init() {
	c.writeCompress.Store(true)
	c.writeLevel.Store(defaultCompressionLevel)
	c.SetPingHandler(nil)
	c.SetPongHandler(nil)
	c.SetCloseHandler(nil)
}

// guard releases the engine of a Conn that is dropped without Close: an engine
// may have a goroutine, or a finalizer, that keeps it and the network
// connection alive. The finalizer sits on this object because a Conn is often
// part of a cycle, by a handler that uses it, and the runtime runs no
// finalizer in a cycle.
//
// It does not run under a method that uses the engine: that holds a lock in
// the Conn. The network connection is not closed here: the user may hold on to
// it alone. When nobody does, the runtime closes it.
type guard struct{ link *engine.Link }

func newGuard(link *engine.Link) *guard {
	g := &guard{link}
	runtime.SetFinalizer(g, func(g *guard) { g.link.Release() })
	return g
}

// release lets the engine go, once.
func (c *Conn) release() {
	c.closeOnce.Do(func() {
		if c.guard != nil {
			runtime.SetFinalizer(c.guard, nil)
			c.link.Release()
		}
	})
}

// Subprotocol returns the negotiated subprotocol, empty when there is none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Close closes the network connection. It sends no close frame, waits for
// nothing and may be called from anywhere, a handler included. A second Close
// returns the error of the network connection.
func (c *Conn) Close() error {
	if n := c.native.Load(); n != nil {
		return n.close()
	}
	err := c.netConn.Close()
	c.release()
	return err
}

// SetReadDeadline sets the deadline of the network connection for reads, of
// one that is in progress too. After a read has timed out, the read side of
// the connection is of no more use; writes go on. The zero value means no
// deadline.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if n := c.native.Load(); n != nil {
		return n.setReadDeadline(t)
	}
	return c.netConn.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline for the frames that are written from now
// on. After a write has timed out, all later writes fail. The zero value means
// no deadline.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.stateMu.Lock()
	c.writeDeadline = t
	c.stateMu.Unlock()
	return nil
}

// SetReadLimit bounds the size of a message, on the wire and after
// decompression. A message beyond it makes the read fail with [ErrReadLimit]
// and sends a close frame. Zero or less means no limit, which is the default.
func (c *Conn) SetReadLimit(limit int64) {
	c.readLimit.Store(limit)
	if n := c.native.Load(); n != nil {
		n.setReadLimit(limit)
	}
}

// EnableWriteCompression turns the compression of the data messages written
// from now on on or off. It has no effect where compression was not negotiated.
func (c *Conn) EnableWriteCompression(enable bool) { c.writeCompress.Store(enable) }

// SetCompressionLevel sets the compress/flate level of the data messages
// written from now on. It has no effect where compression was not negotiated.
func (c *Conn) SetCompressionLevel(level int) error {
	if level < minCompressionLevel || level > maxCompressionLevel {
		return errors.New("websocket: invalid compression level")
	}
	c.writeLevel.Store(int32(level))
	return nil
}

// netError is a net.Error of this package.
type netError struct {
	msg       string
	temporary bool
	timeout   bool
}

func (e *netError) Error() string   { return e.msg }
func (e *netError) Temporary() bool { return e.temporary }
func (e *netError) Timeout() bool   { return e.timeout }

// permanent returns err without its claim to be temporary: after any error a
// WebSocket stream is out of step.
func permanent(err error) error {
	if e, ok := err.(net.Error); ok && e.Temporary() {
		return &netError{msg: e.Error(), timeout: e.Timeout()}
	}
	return err
}

// errUnexpectedEOF is the end of the stream in place of a close frame.
var errUnexpectedEOF = &CloseError{Code: CloseAbnormalClosure, Text: io.ErrUnexpectedEOF.Error()}
