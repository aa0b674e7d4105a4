package websocket

import (
	"io"
	"sync"
)

const (
	// backlogSize is how much is read at a time while messages wait.
	backlogSize = 4 << 10

	// aheadSize is how much is read at a time amid a message that comes in
	// fragments: 64 KiB with their headers.
	aheadSize = 72 << 10
)

var backlogBuffers, aheadBuffers = buffersOf(backlogSize), buffersOf(aheadSize)

func buffersOf(size int) *sync.Pool {
	return &sync.Pool{New: func() interface{} {
		b := make([]byte, size)
		return &b
	}}
}

// readAhead is the network connection below the read buffer of a Conn. While
// there is a backlog it reads more at a time than that buffer holds, into one
// that it borrows until it is empty: much more amid a message that comes in many
// fragments, and little between messages, where it can happen that nothing
// follows. So an idle connection keeps next to nothing.
type readAhead struct {
	conn io.Reader
	more bool    // it is certain that more is to come
	full bool    // the last read got as much as it asked for
	buf  *[]byte // borrowed, nil without rest
	rest []byte  // of buf
	err  error   // that came with rest
}

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	if a.fill(len(p)) {
		return copy(p, a.take(len(p))), nil
	}
	if err := a.err; err != nil {
		a.err = nil
		return 0, err
	}
	a.release()
	n, err := a.conn.Read(p)
	a.full = n == len(p)
	return n, err
}

// fill reports whether there is a rest. If there is none it reads one, if that
// is worth it for somebody who asks for n bytes. When it fails, the next Read
// tells why.
func (a *readAhead) fill(n int) bool {
	if len(a.rest) > 0 {
		return true
	}
	if a.err != nil || !a.borrows(n) {
		return false
	}
	a.release()
	pool := backlogBuffers
	if a.more {
		pool = aheadBuffers
	}
	a.buf = pool.Get().(*[]byte)
	got, err := a.conn.Read(*a.buf)
	a.full = got == len(*a.buf)
	a.rest, a.err = (*a.buf)[:got], err
	if got == 0 {
		a.release()
	}
	return got > 0
}

// borrows reports whether the next read is of more than the n bytes that are
// asked for, unless there is a rest to be had.
func (a *readAhead) borrows(n int) bool {
	if a.more {
		return a.full && n < aheadSize
	}
	return a.full && n < backlogSize
}

// take returns up to n bytes that are here already. They stay valid until the
// next read.
func (a *readAhead) take(n int) []byte {
	if n > len(a.rest) {
		n = len(a.rest)
	}
	p := a.rest[:n]
	a.rest = a.rest[n:]
	return p
}

// release gives an empty buffer back.
func (a *readAhead) release() {
	if a.buf == nil {
		return
	}
	if len(*a.buf) == aheadSize {
		aheadBuffers.Put(a.buf)
	} else {
		backlogBuffers.Put(a.buf)
	}
	a.buf, a.rest = nil, nil
}
