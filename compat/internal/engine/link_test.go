package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

var ctx = context.Background()

// recorder is a network connection that keeps what is written.
type recorder struct {
	net.Conn
	out bytes.Buffer
	err error
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	return r.out.Write(p)
}

// close releases the engine of l and waits for that.
func (l *Link) close() { _ = l.conn.CloseNow() }

// observed is an engine's connection whose errors are kept.
type observed struct {
	Conn
	err error
}

type observedReader struct {
	o *observed
	r io.Reader
}

func (r observedReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.o.keep(err)
	return n, err
}

func (o *observed) Write(ctx context.Context, typ int, p []byte) error {
	err := o.Conn.Write(ctx, typ, p)
	o.keep(err)
	return err
}

func (o *observed) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

func TestLinkDecode(t *testing.T) {
	key := [4]byte{0xa1, 0xb2, 0xc3, 0xd4}
	l := NewLink(new(recorder), true)
	o := new(observed)
	l.payload = observedReader{o, l.payload}
	for round, released := range []bool{false, true} {
		if released {
			if o.err != nil {
				t.Errorf("the engine decoded with %v", o.err)
			}
			l.close()
		}
		for _, size := range []int{0, 1, 3, 15, 16, 17, 125, 126, 4095, 4096, 5000, 65536, 200000} {
			plain := bytes.Repeat([]byte("payload"), size/7+1)[:size]
			wired := append([]byte(nil), plain...)
			wire.Mask(wired, key)
			// In three pieces, as the bytes of a frame arrive.
			for from, to := 0, size/3; from < size; from, to = to, to+size/3+1 {
				if to > size {
					to = size
				}
				l.Decode(wired[from:to], key, int64(from))
			}
			key[size%4]++ // a frame has a key of its own
			if !bytes.Equal(wired, plain) {
				t.Fatalf("round %d, size %d: not the payload", round, size)
			}
		}
	}
}

// TestLinkWhileReleased decodes and writes in the moment in which the engine
// goes. The network connection is still good, and has the last word.
func TestLinkWhileReleased(t *testing.T) {
	key := [4]byte{0xa1, 0xb2, 0xc3, 0xd4}
	plain := bytes.Repeat([]byte("payload"), 800)
	for i := 0; i < 2000; i++ {
		conn := new(recorder)
		server := i%4 > 0
		l := NewLink(conn, server)
		l.Release()
		for j := 0; j < 10; j++ {
			if server {
				wired := append([]byte(nil), plain[:140]...)
				wire.Mask(wired, key)
				l.Decode(wired, key, 0)
				if !bytes.Equal(wired, plain[:140]) {
					t.Fatalf("connection %d, payload %d: %q", i, j, wired)
				}
			}

			conn.out.Reset()
			if err := l.WriteFrame(0x01, plain); err != nil {
				t.Fatalf("connection %d, frame %d: %v", i, j, err)
			}
			got := conn.out.Bytes()
			h := wire.Header{First: 0x01, Masked: !server, Length: int64(len(plain))}
			if h.Masked {
				copy(h.Key[:], got[4:])
				wire.Mask(got[8:], h.Key)
			}
			if !bytes.Equal(got, append(h.Append(nil), plain...)) {
				t.Fatalf("connection %d, frame %d: not the frame", i, j)
			}
		}
	}
}

func TestLinkWriteFrame(t *testing.T) {
	for _, server := range []bool{true, false} {
		conn := new(recorder)
		l := NewLink(conn, server)
		o := &observed{Conn: l.conn}
		l.conn = o
		for _, released := range []bool{false, true} {
			if released {
				if o.err != nil {
					t.Errorf("the engine wrote with %v", o.err)
				}
				l.close()
			}
			for _, first := range []byte{0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0xc1, 0x41, 0x88, 0x89, 0x8a} {
				for _, size := range []int{0, 1, 125, 126, 4000, 4096, 20000, 65535, 65536, 300000} {
					payload := bytes.Repeat([]byte("payload"), size/7+1)[:size]
					kept := append([]byte(nil), payload...)
					conn.out.Reset()
					if err := l.WriteFrame(first, payload); err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(payload, kept) {
						t.Fatal("the payload was changed")
					}
					got := conn.out.Bytes()
					h := wire.Header{First: first, Masked: !server, Length: int64(size)}
					if h.Masked {
						copy(h.Key[:], got[h.Size()-4:])
						wire.Mask(kept, h.Key)
					}
					if want := append(h.Append(nil), kept...); !bytes.Equal(got, want) {
						t.Fatalf("server %v, released %v, first byte %#x, size %d: not the frame", server, released, first, size)
					}
				}
			}
		}
	}
}

// TestLinkWriteFrames cuts a message as WriteFrame would have to be called.
func TestLinkWriteFrames(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, size := range []int{1, 10, 4096} {
			for _, length := range []int{0, 1, size, size + 1, 3 * size, 3*size + 1} {
				payload := bytes.Repeat([]byte("payload"), length/7+1)[:length]
				together, alone := new(recorder), new(recorder)
				l, k := NewLink(together, server), NewLink(alone, server)
				for _, first := range []byte{0x81, 0x02, 0x00} {
					if err := l.WriteFrames(first, payload, size); err != nil {
						t.Fatal(err)
					}
					rest, opcode := payload, first&0x0f
					for ; len(rest) > size; rest, opcode = rest[size:], 0 {
						if err := k.WriteFrame(opcode, rest[:size]); err != nil {
							t.Fatal(err)
						}
					}
					if err := k.WriteFrame(opcode|first&0x80, rest); err != nil {
						t.Fatal(err)
					}
				}
				got, want := unmask(t, together.out.Bytes()), unmask(t, alone.out.Bytes())
				if !bytes.Equal(got, want) {
					t.Errorf("server %v, %d bytes in frames of %d: %d bytes, want %d", server, length, size, len(got), len(want))
				}
				l.close()
				k.close()
			}
		}
	}
}

// unmask returns frames without their keys. No frame is of more than 65535 bytes.
func unmask(t *testing.T, b []byte) []byte {
	t.Helper()
	var plain []byte
	for len(b) > 0 {
		h := wire.Header{First: b[0], Masked: b[1]&0x80 != 0, Length: int64(b[1] & 0x7f)}
		if h.Length == 126 {
			h.Length = int64(b[2])<<8 | int64(b[3])
		}
		payload := b[h.Size():][:h.Length]
		if h.Masked {
			copy(h.Key[:], b[h.Size()-4:])
			wire.Mask(payload, h.Key)
		}
		b = b[h.Size()+len(payload):]
		h.Masked = false
		plain = append(h.Append(plain), payload...)
	}
	return plain
}

func TestLinkWriteError(t *testing.T) {
	broken := errors.New("broken")
	for _, server := range []bool{true, false} {
		for _, size := range []int{0, 10, 5000, 100000} {
			l := NewLink(&recorder{err: broken}, server)
			if err := l.WriteFrame(0x82, make([]byte, size)); err != broken {
				t.Errorf("server %v, size %d: %v, want the error of the connection itself", server, size, err)
			}
			l.close()
		}
	}
}

// TestOpen negotiates what a native connection needs.
func TestOpen(t *testing.T) {
	for _, o := range []Options{{}, {Subprotocol: "chat"}, {Compress: true}, {Subprotocol: "chat", Compress: true}} {
		a, b := net.Pipe()
		s, err := Open(Nhooyr{}, a, true, o)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(Nhooyr{}, b, false, o)
		if err != nil {
			t.Fatal(err)
		}
		if s.Subprotocol() != o.Subprotocol || c.Subprotocol() != o.Subprotocol {
			t.Errorf("%+v: subprotocols %q and %q", o, s.Subprotocol(), c.Subprotocol())
		}
		message := strings.Repeat("compressible ", 1000)
		done := make(chan error, 1)
		go func() { done <- c.Write(ctx, wire.Text, []byte(message)) }()
		typ, r, err := s.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || typ != wire.Text || string(got) != message {
			t.Errorf("%+v: type %d, %d bytes, %v", o, typ, len(got), err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		_, _ = s.CloseNow(), c.CloseNow()
	}
}

type named struct {
	Engine
	name string
}

func (n named) Name() string { return n.name }

func TestRegister(t *testing.T) {
	defer func(e Engine, keep bool) { registered, keepEngine = e, keep }(registered, keepEngine)
	registered, keepEngine = nil, false
	if Current().Name() != "nhooyr" {
		t.Errorf("default engine %s", Current().Name())
	}
	Register(named{name: "one"})
	Register(named{name: "one"})
	if Current().Name() != "one" {
		t.Errorf("registered engine is %s", Current().Name())
	}
	keepEngine = true
	if Current().Name() != "nhooyr" {
		t.Errorf("engine %s in spite of the environment", Current().Name())
	}
	defer func() {
		if msg, _ := recover().(string); !strings.Contains(msg, "one") || !strings.Contains(msg, "two") {
			t.Errorf("second engine: %q, want both names", msg)
		}
	}()
	Register(named{name: "two"})
}
