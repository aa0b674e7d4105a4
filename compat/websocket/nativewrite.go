package websocket

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"time"
)

// Write side.

func (n *native) writeDeadline() time.Time {
	n.c.stateMu.Lock()
	defer n.c.stateMu.Unlock()
	return n.c.writeDeadline
}

func (n *native) isCloseSent() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.closeSent
}

func (n *native) writeMessage(messageType int, data []byte) error {
	n.writeMu.Lock()
	defer n.writeMu.Unlock()
	n.closeWriter()
	return n.write(messageType, data)
}

func (n *native) write(messageType int, data []byte) error {
	switch {
	case isControl(messageType):
		if len(data) > 125 {
			return errInvalidControlFrame
		}
		return n.writeControl(messageType, data, n.writeDeadline())
	case !isData(messageType):
		return errBadWriteOpCode
	}
	if err := n.stickyWriteErr(); err != nil {
		return err
	}
	ctx, cancel := deadlineContext(n.writeDeadline())
	defer cancel()
	err := ctx.Err() // the engine may send before it looks
	if err == nil {
		err = n.n.Write(ctx, messageType, data)
	}
	return n.failWrites(ctx, err)
}

// stickyWriteErr is what a data message fails with before it begins.
func (n *native) stickyWriteErr() error {
	if n.isCloseSent() {
		return ErrCloseSent
	}
	return n.writeErr
}

// failWrites translates the error of a write under ctx. If there is one, all
// later data messages fail with it: where a writer of a native connection has
// failed, the next one would wait for ever. The caller holds writeMu.
func (n *native) failWrites(ctx context.Context, err error) error {
	err = n.translate(err, ctx.Err() != nil, nil)
	if n.writeErr == nil {
		n.writeErr = err
	}
	return err
}

func (n *native) writeControl(messageType int, data []byte, deadline time.Time) error {
	if !deadline.IsZero() && time.Until(deadline) < 0 {
		return errWriteTimeout
	}
	if n.isCloseSent() {
		return ErrCloseSent
	}
	switch messageType {
	case CloseMessage:
		return n.writeClose(data, deadline)
	case PingMessage:
		go n.ping(string(data))
	}
	return nil
}

// ping sends a ping. Its pong, which has a payload of the engine's, is
// reported with the payload that the user gave.
func (n *native) ping(data string) {
	ctx, cancel := context.WithTimeout(context.Background(), pongWait)
	defer cancel()
	if n.n.Ping(ctx) == nil {
		_ = n.c.PongHandler()(data) // there is no read here to return an error from
	}
}

// writeClose does the closing handshake, and stops waiting for it at deadline.
func (n *native) writeClose(data []byte, deadline time.Time) error {
	n.mu.Lock()
	n.closeSent = true
	n.mu.Unlock()
	code, reason := CloseNoStatusReceived, ""
	if len(data) >= 2 {
		code, reason = int(binary.BigEndian.Uint16(data)), string(data[2:])
	}
	ctx, cancel := deadlineContext(deadline)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- n.n.Close(code, reason)
	}()
	select {
	case err := <-done:
		return n.translate(err, false, nil)
	case <-ctx.Done():
		return nil
	}
}

func (n *native) writeJSON(v interface{}) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	return n.writeMessage(TextMessage, b.Bytes())
}

func (n *native) closeWriter() {
	if n.writer != nil {
		_ = n.writer.close() // an error is met again by the next write
		n.writer = nil
	}
}

func (n *native) nextWriter(messageType int) (io.WriteCloser, error) {
	n.writeMu.Lock()
	defer n.writeMu.Unlock()
	n.closeWriter()
	if !isControl(messageType) && !isData(messageType) {
		return nil, errBadWriteOpCode
	}
	if err := n.stickyWriteErr(); err != nil {
		return nil, err
	}
	w := &nativeWriter{n: n, messageType: messageType}
	if isData(messageType) {
		w.ctx, w.cancel = deadlineContext(n.writeDeadline())
		err := w.ctx.Err()
		if err == nil {
			w.w, err = n.n.Writer(w.ctx, messageType)
		}
		if err != nil {
			defer w.cancel()
			return nil, n.failWrites(w.ctx, err)
		}
	}
	n.writer = w
	return w, nil
}

// nativeWriter writes one message. A control message is gathered first.
type nativeWriter struct {
	n           *native
	messageType int
	w           io.WriteCloser // nil for a control message
	ctx         context.Context
	cancel      context.CancelFunc
	control     []byte
	closed      bool
}

// Write implements io.Writer.
func (w *nativeWriter) Write(p []byte) (int, error) {
	w.n.writeMu.Lock()
	defer w.n.writeMu.Unlock()
	if w.closed {
		return 0, errWriteClosed
	}
	if w.w == nil {
		w.control = append(w.control, p...)
		return len(p), nil
	}
	k, err := w.w.Write(p)
	return k, w.n.failWrites(w.ctx, err)
}

// Close implements io.Closer.
func (w *nativeWriter) Close() error {
	w.n.writeMu.Lock()
	defer w.n.writeMu.Unlock()
	return w.close()
}

func (w *nativeWriter) close() error {
	if w.closed {
		return errWriteClosed
	}
	w.closed = true
	if w.n.writer == w {
		w.n.writer = nil
	}
	if w.w == nil {
		return w.n.write(w.messageType, w.control)
	}
	defer w.cancel()
	return w.n.failWrites(w.ctx, w.w.Close())
}
