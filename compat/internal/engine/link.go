package engine

import (
	"bufio"
	"context"
	"io"
	"net"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// Link is an engine as the codec of one network connection. Decode and the
// methods that write may run at the same time, each in one goroutine; Release
// may run at any time.
type Link struct {
	tap    *wire.Tap
	conn   Conn
	server bool

	payload io.Reader // of the one message that the engine gets, nil before
	key     [4]byte   // what the engine masks the next byte of it with
}

// NewLink gives the current engine a connection over netConn. The engine of a
// server writes through bw, which is nil for a buffer of its own.
//
// It panics when the engine refuses the handshake in memory, which means that
// the library linked in is not one this package was written for.
func NewLink(netConn net.Conn, server bool, bw *bufio.Writer) *Link {
	tap := wire.NewTap(netConn, server)
	e := Current()
	n, err := Open(e, tap, server, Options{writer: bw})
	if err != nil {
		panic("wsmigrate/compat: engine " + e.Name() + " refused a connection: " + err.Error())
	}
	n.SetReadLimit(-1)
	return &Link{tap: tap, conn: n, server: server}
}

// Decode unmasks p in place. At a server, p is payload as it came from the
// wire, from offset pos of a frame with mask key key on.
//
// All payload is one message for the engine, so that it parses one header in
// its life. The keys of the peer's frames differ from the key of that header;
// what is left of a difference when the engine has unmasked p is taken out
// before.
func (l *Link) Decode(p []byte, key [4]byte, pos int64) {
	if len(p) == 0 {
		return
	}
	if l.server {
		key = wire.Rotate(key, pos)
		if l.payload == nil {
			l.key = key
		}
		wire.Mask(p, wire.Differ(key, l.key))
	}
	done, err := l.read(p)
	if err != nil && l.server {
		// The engine is released. What had arrived before is still delivered.
		wire.Mask(p[done:], wire.Rotate(l.key, int64(done)))
	}
	l.key = wire.Rotate(l.key, int64(len(p)))
}

// Key returns the key to mask payload with that is to be decoded next: then
// Decode has the least to do. The payload begins a frame with mask key key.
func (l *Link) Key(key [4]byte) [4]byte {
	if l.payload == nil {
		return key
	}
	return l.key
}

// read has the engine unmask p, and returns how much of it has become of that.
func (l *Link) read(p []byte) (done int, err error) {
	defer l.tap.Unstage()
	if l.payload == nil {
		l.tap.Open(l.key)
		if _, l.payload, err = l.conn.Reader(context.Background()); err != nil {
			l.payload = nil
			return 0, err
		}
	}
	l.tap.Stage(p)
	for done < len(p) {
		// Not io.ReadFull: that drops an error which comes with the last bytes,
		// and bytes that come with an error are still masked.
		n, err := l.payload.Read(p[done:])
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// WriteFrame writes a frame that starts with the byte first (FIN, RSV1,
// opcode) and has the payload p. The error is the network connection's.
func (l *Link) WriteFrame(first byte, p []byte) error { return l.writeFrame(first, p, false) }

// WriteFrames writes p in frames of size bytes, of which the last may be
// shorter, in as few writes to the network as possible. The first frame starts
// with the byte first, those behind it are continuations; FIN in first is for
// the last one. The error is the network connection's.
func (l *Link) WriteFrames(first byte, p []byte, size int) error {
	fin := first & wire.Fin
	for first &^= wire.Fin; len(p) > size; first = wire.Continuation {
		if err := l.writeFrame(first, p[:size], true); err != nil {
			return err
		}
		p = p[size:]
	}
	return l.writeFrame(first|fin, p, false)
}

func (l *Link) writeFrame(first byte, p []byte, more bool) error {
	typ := wire.Binary
	if first&wire.OpcodeMask == wire.Text {
		typ = wire.Text // the tap then has nothing to change in most frames
	}
	l.tap.Begin(first, len(p), more)
	// End knows better than the engine what has become of the frame.
	_ = l.conn.Write(context.Background(), typ, p)
	return l.tap.End(p)
}

// Release lets the engine go. It leaves the network connection alone. It does
// not block: an engine may wait for a frame that is being written.
func (l *Link) Release() { go l.conn.CloseNow() }
