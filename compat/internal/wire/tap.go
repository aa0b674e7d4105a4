package wire

import (
	"crypto/rand"
	"errors"
	"net"
	"sync"
)

const (
	// coalesce is how much is gathered before it is written to the network: an
	// engine hands frames over in pieces of its own small buffer. A message of
	// 64 KiB in frames fits, with their headers.
	coalesce = 72 << 10

	// direct is the size from which a piece is written beside what was
	// gathered, by writev, instead of being copied.
	direct = 8 << 10

	// endless is the length of the synthetic frame that an engine reads all its
	// life. Nobody receives as much.
	endless = 1 << 62
)

// errNoFrame is what an engine gets that reads or writes when it was not asked
// to. It must never be io.EOF: engines take that for the end of a message.
var errNoFrame = errors.New("no frame in progress")

var gathers = sync.Pool{New: func() interface{} {
	b := make([]byte, 0, coalesce+MaxHeader)
	return &b
}}

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

	out outbound
}

// outbound is the state of the frame being written, and of those before it
// that have not gone to the network.
type outbound struct {
	active bool
	more   bool    // another frame follows at once: this one may wait for it
	first  byte    // the first byte the frame shall have on the wire
	begun  bool    // the engine has handed over its first byte
	need   int64   // bytes the engine still owes
	held   *[]byte // gathered bytes, nil when there are none
	start  int     // where in held the frame begins
	wrote  bool    // a part of the frame has gone to the network
	err    error   // error of the network connection

	pieces [2][]byte // what writev writes
	vector net.Buffers
}

// NewTap returns a Tap over conn for a server or client engine.
func NewTap(conn net.Conn, server bool) *Tap {
	return &Tap{conn: conn, server: server}
}

// Open makes the engine read the header of the one message that it gets, a
// synthetic one without an end. Its payload is masked with key if the peer is
// a client.
func (t *Tap) Open(key [4]byte) {
	h := Header{First: Fin | Binary, Masked: t.server, Key: key, Length: endless}
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

// Begin announces that the engine will now write one unfragmented frame of n
// payload bytes, which shall start with first on the wire. With more, the
// caller begins another one at once, and both may go to the network together.
func (t *Tap) Begin(first byte, n int, more bool) {
	h := Header{Masked: !t.server, Length: int64(n)}
	o := &t.out
	o.active, o.more, o.first, o.begun, o.wrote = true, more, first, false, false
	o.need = int64(h.Size()) + h.Length
	o.start = 0
	if o.held != nil {
		o.start = len(*o.held)
	}
}

// Write is for the engine. It gathers the pieces of a frame and writes them to
// the network, in one call as far as the frame is not too large.
func (t *Tap) Write(p []byte) (int, error) {
	o := &t.out
	if !o.active || int64(len(p)) > o.need {
		return 0, errNoFrame
	}
	if o.err != nil {
		return 0, o.err
	}
	if len(p) == 0 {
		return 0, nil
	}
	o.need -= int64(len(p))
	switch {
	case o.held == nil && !o.more && o.need == 0 && (o.begun || p[0] == o.first):
		o.begun = true
		t.send(p)
	case o.begun && o.held != nil && len(p) >= direct:
		t.sendHeld(p)
	case o.begun && o.held == nil && len(p) >= direct:
		t.send(p)
	default:
		t.gather(p)
		if o.need == 0 && o.held != nil && !o.more {
			t.send(*o.held)
			t.drop()
		}
	}
	if o.err != nil {
		return 0, o.err
	}
	return len(p), nil
}

// gather holds p back, and sends what is held whenever the buffer is full.
func (t *Tap) gather(p []byte) {
	o := &t.out
	for len(p) > 0 && o.err == nil {
		if o.held == nil {
			o.held = gathers.Get().(*[]byte)
			*o.held = (*o.held)[:0]
			o.start = 0
		}
		b := *o.held
		n := cap(b) - len(b)
		if n > len(p) {
			n = len(p)
		}
		b = append(b, p[:n]...)
		p = p[n:]
		if !o.begun {
			b[o.start] = o.first
			o.begun = true
		}
		*o.held = b
		if len(b) == cap(b) {
			t.send(b)
			t.drop()
		}
	}
}

// send writes p, a part of the frame, to the network and remembers the error.
func (t *Tap) send(p []byte) {
	t.out.wrote = true
	_, t.out.err = t.conn.Write(p)
}

// sendHeld writes what is held and p behind it.
func (t *Tap) sendHeld(p []byte) {
	o := &t.out
	o.wrote = true
	o.pieces = [2][]byte{*o.held, p}
	o.vector = o.pieces[:]
	_, o.err = o.vector.WriteTo(t.conn)
	o.pieces = [2][]byte{}
	t.drop()
}

func (t *Tap) drop() {
	if t.out.held != nil {
		gathers.Put(t.out.held)
		t.out.held = nil
	}
}

// End ends the frame that Begin announced with p as its payload. It returns
// nil when the frame is on the wire, or waits for the next one, and the error
// of the network connection when that failed. What the engine itself thinks
// does not count: an engine that is closed refuses or breaks off, while a
// net.Conn is the one to say whether it still takes a frame. So a frame of
// which nothing has been sent is coded here then.
func (t *Tap) End(p []byte) error {
	o := &t.out
	if o.err == nil && o.need > 0 {
		if o.wrote {
			if _, o.err = t.conn.Write(nil); o.err == nil {
				o.err = net.ErrClosed
			}
		} else {
			t.encode(p)
		}
	}
	err := o.err
	if err != nil || !o.more {
		t.drop()
	}
	o.active, o.err = false, nil
	return err
}

// encode sends the frame without the engine, behind the frames that wait.
func (t *Tap) encode(p []byte) {
	o := &t.out
	h := Header{First: o.first, Masked: !t.server, Length: int64(len(p))}
	if h.Masked {
		if _, o.err = rand.Read(h.Key[:]); o.err != nil {
			return
		}
	}
	b := make([]byte, 0, o.start+h.Size()+len(p))
	if o.held != nil {
		b = append(b, (*o.held)[:o.start]...)
		t.drop()
	}
	head := len(b) + h.Size()
	b = append(h.Append(b), p...)
	if h.Masked {
		Mask(b[head:], h.Key)
	}
	t.send(b)
}
