package websocket

import (
	"bufio"
	"net"
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
type Conn struct {
	netConn     net.Conn
	subprotocol string
}

// connConfig is what a finished handshake knows of a connection.
type connConfig struct {
	netConn         net.Conn      // hijacked or dialled
	server          bool          // the role of this side
	br              *bufio.Reader // reader of the handshake, possibly holding early bytes; may be nil
	readBufferSize  int           // as given by the user; 0 asks for the default
	writeBufferSize int           // as given by the user; 0 asks for the default
	writeBufferPool BufferPool
	writeBuf        []byte // hijacked write buffer to reuse; may be nil
	subprotocol     string
	compress        bool // permessage-deflate without context takeover, both ways
}

// newConn makes a Conn of a finished handshake. It does no network I/O.
func newConn(cfg connConfig) *Conn {
	return &Conn{netConn: cfg.netConn, subprotocol: cfg.subprotocol}
}

// Subprotocol returns the negotiated subprotocol, empty when there is none.
func (c *Conn) Subprotocol() string { return c.subprotocol }

// Close closes the network connection. It sends no close frame and waits for nothing.
func (c *Conn) Close() error { return c.netConn.Close() }

// NetConn returns the network connection under c. Reading from it or writing
// to it directly corrupts the WebSocket stream.
func (c *Conn) NetConn() net.Conn { return c.netConn }
