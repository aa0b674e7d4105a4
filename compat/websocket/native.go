package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/engine"
)

// pongWait is how long a ping sent in pass-through mode waits for its pong.
const pongWait = time.Minute

// native is the pass-through mode of a Conn: its methods on top of a native
// connection.
type native struct {
	c *Conn
	n engine.Native

	readMu sync.Mutex
	reader *nativeReader
	err    error // sticky, of reads
	fails  int

	writeMu  sync.Mutex
	writer   *nativeWriter
	writeErr error // sticky, of data messages

	mu           sync.Mutex // guards the rest; never held while blocking
	closeSent    bool
	limit        int64
	readDeadline time.Time
	timer        *time.Timer
	cancel       context.CancelFunc // ends the read in progress
	timedOut     bool               // the timer has done that
}

// nativeValue is a *native to load and store from any goroutine. A module that
// says go 1.16 and vendors this package compiles it as go 1.16, which has no
// type parameters and so no atomic.Pointer.
type nativeValue struct{ v atomic.Value }

func (v *nativeValue) Load() *native {
	n, _ := v.v.Load().(*native)
	return n
}

func (v *nativeValue) Store(n *native) { v.v.Store(n) }

// deadlineContext returns a context that ends at deadline, if there is one.
func deadlineContext(deadline time.Time) (context.Context, context.CancelFunc) {
	if deadline.IsZero() {
		return context.Background(), func() {}
	}
	return context.WithDeadline(context.Background(), deadline)
}

// translate gives an error of a native connection the form that users of this
// package test for. A context that ends closes the connection, so the error
// may not tell that it was the cause. An error that says nothing of the kind
// becomes other, if that is not nil.
func (n *native) translate(err error, timedOut bool, other error) error {
	var ne net.Error
	switch code, reason, ok := n.n.CloseStatus(err); {
	case err == nil:
		return nil
	case ok:
		return &CloseError{Code: code, Text: reason}
	case timedOut:
		return &netError{msg: err.Error(), timeout: true}
	case errors.As(err, &ne):
		return permanent(ne)
	case errors.Is(err, errUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errUnexpectedEOF
	case other != nil:
		return other
	}
	return err
}

func (n *native) close() error {
	if n.c.netConn == nil {
		return n.n.CloseNow()
	}
	err := n.c.netConn.Close()
	go n.n.CloseNow()
	return err
}

// Read side.

func (n *native) setReadLimit(limit int64) {
	n.mu.Lock()
	n.limit = limit
	n.mu.Unlock()
	if limit <= 0 {
		limit = -1
	}
	n.n.SetReadLimit(limit)
}

func (n *native) setReadDeadline(t time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.readDeadline = t
	n.arm()
	return nil
}

// arm makes the deadline end the read in progress. The caller holds mu.
func (n *native) arm() {
	if n.timer != nil {
		n.timer.Stop()
		n.timer = nil
	}
	if !n.readDeadline.IsZero() && n.cancel != nil {
		n.timer = time.AfterFunc(time.Until(n.readDeadline), n.timeOut)
	}
}

// timeOut ends the read in progress, unless the deadline has been moved meanwhile.
func (n *native) timeOut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if passed(n.readDeadline) {
		n.timedOut = true
		n.cancel()
	}
}

func (n *native) readDeadlinePassed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return passed(n.readDeadline)
}

func passed(deadline time.Time) bool { return !deadline.IsZero() && time.Until(deadline) <= 0 }

// translateRead translates the error of a read after total bytes of a message.
func (n *native) translateRead(err error, total int64) error {
	n.mu.Lock()
	timedOut, limit := n.timedOut, n.limit
	n.mu.Unlock()
	var other error
	if limit > 0 && total >= limit {
		other = ErrReadLimit
	}
	if timedOut {
		// An engine does so itself if it was waiting.
		go n.close()
	}
	err = n.translate(err, timedOut, other)
	if e, ok := err.(*CloseError); ok && e != errUnexpectedEOF {
		// The engine has answered and closed the connection.
		n.mu.Lock()
		n.closeSent = true
		n.mu.Unlock()
	}
	return err
}

func (n *native) readContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cancel != nil {
		n.cancel()
	}
	n.cancel, n.timedOut = cancel, false
	n.arm()
	return ctx
}

func (n *native) nextReader() (messageType int, r io.Reader, err error) {
	n.readMu.Lock()
	defer n.readMu.Unlock()
	messageType, err = n.nextMessage()
	if err != nil {
		return messageType, nil, err
	}
	return messageType, n.reader, nil
}

// nextMessage advances to the next message. The caller holds readMu.
func (n *native) nextMessage() (messageType int, err error) {
	if n.reader != nil && n.err == nil {
		// A native connection wants a message read to its end.
		overtaken := n.reader
		_, _ = io.Copy(io.Discard, readFunc(overtaken.read))
		overtaken.whole = false
	}
	n.reader = nil
	if n.err == nil && n.readDeadlinePassed() {
		n.err = &netError{msg: os.ErrDeadlineExceeded.Error(), timeout: true}
	}
	if n.err == nil {
		messageType, r, err := n.n.Reader(n.readContext())
		if err == nil {
			n.reader = &nativeReader{n: n, r: r}
			return messageType, nil
		}
		n.err = n.translateRead(err, 0)
	}
	n.fails++
	if n.fails >= maxReadFails {
		panic("repeated read on failed websocket connection")
	}
	return noFrame, n.err
}

func (n *native) readMessage() (messageType int, p []byte, err error) {
	n.readMu.Lock()
	defer n.readMu.Unlock()
	messageType, err = n.nextMessage()
	if err != nil {
		return messageType, nil, err
	}
	p, err = io.ReadAll(readFunc(n.reader.read))
	return messageType, p, err
}

// nativeReader reads one message.
type nativeReader struct {
	n     *native
	r     io.Reader
	total int64
	whole bool // all of it was read
}

// Read implements io.Reader.
func (r *nativeReader) Read(p []byte) (int, error) {
	r.n.readMu.Lock()
	defer r.n.readMu.Unlock()
	return r.read(p)
}

func (r *nativeReader) read(p []byte) (int, error) {
	if r.n.reader != r {
		return 0, io.EOF
	}
	if r.n.err != nil {
		return 0, r.n.err
	}
	k, err := r.r.Read(p)
	r.total += int64(k)
	if err == nil {
		return k, nil
	}
	if err == io.EOF {
		r.n.reader = nil
		r.whole = true
		return k, err
	}
	r.n.err = r.n.translateRead(err, r.total)
	return 0, r.n.err // a server's bytes that come with an error may be masked still
}

// readWhole implements wholeReader.
func (r *nativeReader) readWhole(p []byte) (int, error) {
	r.n.readMu.Lock()
	defer r.n.readMu.Unlock()
	k, err := r.read(p)
	if err == io.EOF && !r.whole {
		err = errInterrupted
	}
	return k, err
}
