package engine

import (
	"bufio"
	"context"
	"io"
	"net"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// Link is an engine as the codec of one network connection: it masks what a
// client sends, and unmasks that at a server. What a server sends is not masked,
// and no engine gets to see it.
//
// Decode and the methods that write may run at the same time, each in one
// goroutine; Release may run at any time.
type Link struct {
	tap     *wire.Tap
	conn    Conn
	server  bool
	payload io.Reader // of the one message that a server's engine gets
	key     [4]byte   // what the engine unmasks the next byte of it with
}

// firstKey masks the message that a server's engine gets. It can be any.
var firstKey = [4]byte{0x77, 0x73, 0x6d, 0x67}

// smallestWriter is the size of the write buffer of a server's engine, which
// writes nothing.
const smallestWriter = 16

// NewLink gives the current engine a connection over netConn.
//
// It panics when the engine refuses the handshake in memory, which means that
// the library linked in is not one this package was written for.
func NewLink(netConn net.Conn, server bool) *Link {
	tap := wire.NewTap(netConn, server)
	e := Current()
	o := Options{}
	if server {
		o.writer = bufio.NewWriterSize(nil, smallestWriter)
	}
	n, err := Open(e, tap, server, o)
	l := &Link{tap: tap, conn: n, server: server, key: firstKey}
	if err == nil && server {
		n.SetReadLimit(-1)
		tap.Open(firstKey)
		_, l.payload, err = n.Reader(context.Background())
	}
	if err != nil {
		panic("wsmigrate/compat: engine " + e.Name() + " refused a connection: " + err.Error())
	}
	return l
}

// Decode unmasks p in place, at a server: payload as it came from the wire,
// from offset pos of a frame with mask key key on. A client's comes unmasked.
//
// All payload is one message for the engine, so that it parses one header in
// its life. The keys of the peer's frames differ from the key of that header;
// what is left of a difference when the engine has unmasked p is taken out
// before.
func (l *Link) Decode(p []byte, key [4]byte, pos int64) {
	if len(p) == 0 {
		return
	}
	wire.Mask(p, wire.Differ(wire.Rotate(key, pos), l.key))
	l.tap.Stage(p)
	for done := 0; done < len(p); {
		// Not io.ReadFull: that drops an error which comes with the last bytes,
		// and bytes that come with an error are still masked.
		n, err := l.payload.Read(p[done:])
		if err != nil {
			// The engine is released. What had arrived before is still delivered.
			wire.Mask(p[done:], wire.Rotate(l.key, int64(done)))
			break
		}
		done += n
	}
	l.tap.Unstage()
	l.key = wire.Rotate(l.key, int64(len(p)))
}

// Key returns the key to mask payload with that is to be decoded next: then
// Decode has the least to do.
func (l *Link) Key() [4]byte { return l.key }

// WriteFrame writes a frame that starts with the byte first (FIN, RSV1,
// opcode) and has the payload p. The error is the network connection's.
func (l *Link) WriteFrame(first byte, p []byte) error { return l.WriteFrames(first, p, len(p)) }

// WriteFrames writes p in frames of size bytes, of which the last may be
// shorter, in as few writes to the network as possible. The engine of a client
// writes one frame, which the tap cuts. The first frame starts with the byte
// first, those behind it are continuations; FIN in first is for the last one.
// The error is the network connection's.
func (l *Link) WriteFrames(first byte, p []byte, size int) error {
	l.tap.Begin(first, p, size)
	if !l.server {
		// End knows better than the engine what has become of the frame.
		_ = l.conn.Write(context.Background(), wire.Binary, p)
	}
	return l.tap.End()
}

// Release lets the engine go. It leaves the network connection alone. It does
// not block: an engine may wait for a frame that is being written.
func (l *Link) Release() { go l.conn.CloseNow() }
