package engine

import (
	"context"
	"net"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// Link is an engine as the codec of one network connection. Decode and
// WriteFrame may run at the same time, each in one goroutine; Release may run
// at any time.
type Link struct {
	tap  *wire.Tap
	conn Conn
}

// NewLink gives the current engine a connection over netConn.
//
// It panics when the engine refuses the handshake in memory, which means that
// the library linked in is not one this package was written for.
func NewLink(netConn net.Conn, server bool) *Link {
	tap := wire.NewTap(netConn, server)
	e := Current()
	n, err := Open(e, tap, server, Options{})
	if err != nil {
		panic("wsmigrate/compat: engine " + e.Name() + " refused a connection: " + err.Error())
	}
	n.SetReadLimit(-1)
	return &Link{tap: tap, conn: n}
}

// Decode unmasks p in place. At a server, p is payload as it came from the
// wire, from offset pos of a frame with mask key key on.
func (l *Link) Decode(p []byte, key [4]byte, pos int64) {
	if len(p) == 0 {
		return
	}
	key = wire.Rotate(key, pos)
	l.tap.Stage(p, key)
	done := 0
	_, r, err := l.conn.Reader(context.Background())
	for err == nil && done < len(p) {
		// Not io.ReadFull: that drops an error which comes with the last bytes,
		// and bytes that come with an error are still masked.
		var n int
		if n, err = r.Read(p[done:]); err == nil {
			done += n
		}
	}
	l.tap.Unstage()
	if err != nil {
		// The engine is released. What had arrived before is still delivered.
		l.tap.Unmask(p[done:], wire.Rotate(key, int64(done)))
	}
}

// WriteFrame writes a frame that starts with the byte first (FIN, RSV1,
// opcode) and has the payload p. The error is the network connection's.
func (l *Link) WriteFrame(first byte, p []byte) error {
	typ := wire.Binary
	if first&wire.OpcodeMask == wire.Text {
		typ = wire.Text // the tap then has nothing to change in most frames
	}
	l.tap.Begin(first, len(p))
	// End knows better than the engine what has become of the frame.
	_ = l.conn.Write(context.Background(), typ, p)
	return l.tap.End(p)
}

// Release lets the engine go. It leaves the network connection alone. It does
// not block: an engine may wait for a frame that is being written.
func (l *Link) Release() { go l.conn.CloseNow() }
