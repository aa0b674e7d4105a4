package wire

import (
	"errors"
	"net"
)

// endless is the length of the synthetic frame that an engine reads all its
// life. Nobody receives as much.
const endless = 1 << 62

// errNoFrame is what an engine gets that reads or writes when it was not asked
// to. It must never be io.EOF: engines take that for the end of a message.
var errNoFrame = errors.New("no frame in progress")

// Tap is the stream below an engine. The inbound and the outbound half are
// independent; each is for one goroutine at a time.
type Tap struct {
	conn   net.Conn
	server bool

	// Inbound: what the engine has not read of the synthetic frame's header,
	// and of the payload that is at hand.
	head   [MaxHeader]byte
	inHead []byte
	inBody []byte

	out *outbound // nil when none is in progress
}

// NewTap returns a Tap over conn for a server or client engine.
func NewTap(conn net.Conn, server bool) *Tap {
	return &Tap{conn: conn, server: server}
}

// Open makes the engine of a server read the header of the one message that it
// gets, a synthetic one without an end, masked with key.
func (t *Tap) Open(key [4]byte) {
	h := Header{First: Fin | Binary, Masked: true, Key: key, Length: endless}
	t.inHead = h.Append(t.head[:0])
}

// Stage makes p the payload that the engine reads next. It may read it into p
// itself.
func (t *Tap) Stage(p []byte) { t.inBody = p }

// Unstage forgets what the engine has not read.
func (t *Tap) Unstage() { t.inHead, t.inBody = nil, nil }

// Read is for the engine. It returns staged bytes and never blocks.
func (t *Tap) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n := copy(p, t.inHead)
	t.inHead = t.inHead[n:]
	if p = p[n:]; len(p) > 0 && len(t.inBody) > 0 {
		m := len(t.inBody)
		if m > len(p) {
			m = len(p)
		}
		if &p[0] != &t.inBody[0] {
			copy(p, t.inBody[:m])
		}
		t.inBody = t.inBody[m:]
		n += m
	}
	if n == 0 {
		return 0, errNoFrame
	}
	return n, nil
}

// Close is for the engine, and does nothing: whoever owns the network
// connection closes it. An engine closes its stream on its own account, from
// a finalizer too.
func (t *Tap) Close() error { return nil }
