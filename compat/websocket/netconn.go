package websocket

import "net"

// NetConn returns the network connection under c, the very one that was
// hijacked or dialled. Reading from it or writing to it directly corrupts the
// WebSocket stream. It is nil for a Conn that Wrap made.
func (c *Conn) NetConn() net.Conn { return c.netConn }

// UnderlyingConn returns the network connection under c.
//
// Deprecated: Use [Conn.NetConn].
func (c *Conn) UnderlyingConn() net.Conn { return c.netConn }

// LocalAddr returns the local address of the network connection.
func (c *Conn) LocalAddr() net.Addr {
	if c.netConn == nil && c.native.Load() != nil {
		return unknownAddr{}
	}
	return c.netConn.LocalAddr()
}

// RemoteAddr returns the remote address of the network connection.
func (c *Conn) RemoteAddr() net.Addr {
	if c.netConn == nil && c.native.Load() != nil {
		return unknownAddr{}
	}
	return c.netConn.RemoteAddr()
}

// unknownAddr is the address of a wrapped connection, which does not tell its own.
type unknownAddr struct{}

func (unknownAddr) Network() string { return "websocket" }
func (unknownAddr) String() string  { return "websocket/unknown-addr" }
