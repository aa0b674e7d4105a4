package wire

import (
	"crypto/rand"
	"net"
	"sync"
)

const (
	// small is the size up to which what is gathered takes a small buffer.
	small = 4 << 10

	// large is how much is gathered before it is written to the network. A
	// message of 64 KiB in frames fits, with their headers.
	large = 72<<10 + MaxHeader

	// direct is the size from which the rest of a message is written beside
	// what was gathered, by writev, instead of being copied.
	direct = 8 << 10
)

// Outbound messages are of a pool with the buffer that they gather in: a
// connection has none while nothing is written.
var smallOutbounds, largeOutbounds = outbounds(small), outbounds(large)

func outbounds(size int) *sync.Pool {
	return &sync.Pool{New: func() interface{} { return &outbound{held: make([]byte, 0, size)} }}
}

// outbound is a message, or a part of one, that the engine writes as one frame
// and the tap as frames of the size wanted.
type outbound struct {
	payload []byte
	size    int  // of the payload of a frame on the wire
	first   byte // the wanted first byte, see Begin

	// What the engine has written.
	header Header // of its frame; the key is known when all of it is there
	begun  int    // bytes of the header
	head   [MaxHeader]byte
	pos    int // bytes of the payload

	// What is to go to the network.
	left  int     // bytes of the payload that the frame in progress lacks
	mask  [4]byte // turns the engine's next byte into the one of that frame
	held  []byte  // gathered bytes
	tail  []byte  // the end of the payload, which goes behind them
	wrote bool    // a part has gone already
	err   error   // error of the network connection

	pieces [2][]byte // what writev writes
	vector net.Buffers
}

// Begin announces that the engine will now write one unfragmented frame with
// the payload p. The wire shall have frames of size bytes of it each, of which
// the last may be shorter. The first one starts with the byte first, the others
// are continuations, and FIN in first is for the last one.
func (t *Tap) Begin(first byte, p []byte, size int) {
	pool := largeOutbounds
	if n := len(p); n <= size && n <= small-MaxHeader {
		pool = smallOutbounds
	}
	o := pool.Get().(*outbound)
	o.payload, o.size, o.first = p, size, first
	o.header = Header{Masked: !t.server, Length: int64(len(p))}
	t.out = o
}

// Write is for the engine. It gathers the pieces of its frame. What there is
// goes to the network when the engine has returned, see End, so that the
// system call needs no stack below the engine's.
func (t *Tap) Write(b []byte) (int, error) {
	o := t.out
	if o == nil {
		return 0, errNoFrame
	}
	n, size := len(b), o.header.Size()
	if n > size-o.begun+len(o.payload)-o.pos {
		return 0, errNoFrame
	}
	if o.begun < size && n > 0 {
		k := copy(o.head[o.begun:size], b)
		o.begun += k
		b = b[k:]
		if o.begun < size {
			return n, nil
		}
		if o.header.Masked {
			copy(o.header.Key[:], o.head[size-len(o.header.Key):])
		}
		t.open(o.header.Key)
	}
	t.gather(b)
	if o.err != nil {
		return 0, o.err
	}
	return n, nil
}

// open begins the next frame on the wire, with that mask key.
func (t *Tap) open(key [4]byte) {
	o := t.out
	h := Header{First: o.first &^ Fin, Masked: o.header.Masked, Key: key}
	if o.pos > 0 {
		h.First = Continuation
	}
	o.left = len(o.payload) - o.pos
	if o.left > o.size {
		o.left = o.size
	} else {
		h.First |= o.first & Fin
	}
	h.Length = int64(o.left)
	o.mask = Differ(Rotate(o.header.Key, int64(o.pos)), key)
	if cap(o.held)-len(o.held) < MaxHeader {
		t.send()
	}
	o.held = h.Append(o.held)
}

// gather takes the next bytes of the payload as the engine has masked them,
// and sends what is held whenever the buffer is full.
func (t *Tap) gather(b []byte) {
	o := t.out
	for len(b) > 0 && o.err == nil {
		if o.left == 0 {
			var key [4]byte
			if o.header.Masked {
				if _, o.err = rand.Read(key[:]); o.err != nil {
					return
				}
			}
			t.open(key)
			continue
		}
		if n := len(b); n >= direct && n == o.left && !o.header.Masked && &b[0] == &o.payload[o.pos] && o.pos+n == len(o.payload) {
			o.tail = b // the caller's own memory
			o.pos += n
			return
		}
		p := o.held
		n := cap(p) - len(p)
		if n == 0 {
			t.send()
			continue
		}
		if n > o.left {
			n = o.left
		}
		if n > len(b) {
			n = len(b)
		}
		MaskTo(p[len(p):len(p)+n], b[:n], o.mask)
		o.held = p[:len(p)+n]
		o.mask = Rotate(o.mask, int64(n))
		o.pos += n
		o.left -= n
		b = b[n:]
	}
}

// send writes what is held to the network and remembers the error.
func (t *Tap) send() {
	o := t.out
	o.wrote = true
	if o.tail == nil {
		_, o.err = t.conn.Write(o.held)
	} else {
		o.pieces = [2][]byte{o.held, o.tail}
		o.vector = o.pieces[:]
		_, o.err = o.vector.WriteTo(t.conn)
	}
	o.held = o.held[:0]
}

// End ends what Begin announced, when the engine has returned. It returns nil
// when all of it is on the wire, and the error of the network connection when
// that failed. What the engine itself thinks does not count: an engine that is
// closed refuses or breaks off, while a net.Conn is the one to say whether it
// still takes a frame. So frames of which nothing has been sent are coded here
// then, as those of a server are, whose engine writes nothing.
func (t *Tap) End() error {
	o := t.out
	switch {
	case o.err != nil:
	case o.begun == o.header.Size() && o.pos == len(o.payload):
		t.send()
	case o.wrote:
		if _, o.err = t.conn.Write(nil); o.err == nil {
			o.err = net.ErrClosed
		}
	default:
		t.encode()
	}
	err := o.err
	t.out = nil
	pool := largeOutbounds
	if cap(o.held) == small {
		pool = smallOutbounds
	}
	*o = outbound{held: o.held[:0]}
	pool.Put(o)
	return err
}

// encode sends the frames without the engine.
func (t *Tap) encode() {
	o := t.out
	o.held = o.held[:0]
	o.pos, o.header.Key = 0, [4]byte{} // as if the engine did not mask
	var key [4]byte
	if o.header.Masked {
		if _, o.err = rand.Read(key[:]); o.err != nil {
			return
		}
	}
	t.open(key)
	if t.gather(o.payload); o.err == nil {
		t.send()
	}
}
