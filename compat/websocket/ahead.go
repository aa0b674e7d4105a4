package websocket

import (
	"io"
	"sync"
)

// aheadSize is how much is read at a time while there is a backlog: a message
// of 64 KiB in fragments, with their headers.
const aheadSize = 72 << 10

var aheadBuffers = sync.Pool{New: func() interface{} {
	b := make([]byte, aheadSize)
	return &b
}}

// readAhead is the network connection below the read buffer of a Conn. Amid a
// message that comes in many fragments it reads more at a time than that
// buffer holds, into one that it borrows until it is empty. Between messages
// it never waits with a borrowed buffer: an idle connection keeps none.
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
	if len(a.rest) > 0 {
		return copy(p, a.take(len(p))), nil
	}
	if err := a.err; err != nil {
		a.err = nil
		return 0, err
	}
	a.release()
	if !a.borrows() || len(p) >= aheadSize {
		n, err := a.conn.Read(p)
		a.full = n == len(p)
		return n, err
	}
	a.buf = aheadBuffers.Get().(*[]byte)
	n, err := a.conn.Read(*a.buf)
	a.full = n == len(*a.buf)
	a.rest = (*a.buf)[:n]
	if n == 0 {
		a.release()
		return 0, err
	}
	a.err = err
	return copy(p, a.take(len(p))), nil
}

// borrows reports whether the next read is of more than is asked for, unless
// there is a rest to be had.
func (a *readAhead) borrows() bool { return a.more && a.full }

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
	if a.buf != nil && len(a.rest) == 0 {
		aheadBuffers.Put(a.buf)
		a.buf, a.rest = nil, nil
	}
}
