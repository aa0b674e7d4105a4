package websocket

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// deflate compresses as a peer would.
func deflate(t testing.TB, level int, p string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, p); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

func random(size int) string {
	p := make([]byte, size)
	rand.New(rand.NewSource(1)).Read(p)
	return string(p)
}

func TestDeflateRoundTrip(t *testing.T) {
	texts := []string{"", "x", "Hello", strings.Repeat("compressible ", 5000), random(100), random(20000)}
	for _, server := range []bool{true, false} {
		for level := -2; level <= 9; level++ {
			for _, bufferSize := range []int{0, 10, 100000} {
				c := new(tape)
				ws := newConn(connConfig{netConn: c, server: server, compress: true, writeBufferSize: bufferSize})
				peer := newConn(connConfig{netConn: &tape{in: &c.out}, server: !server, compress: true})
				if err := ws.SetCompressionLevel(level); err != nil {
					t.Fatal(err)
				}
				for i, text := range texts {
					if bufferSize > 0 && bufferSize < 20 && len(text) > 1000 {
						continue
					}
					if i%2 == 0 {
						wantError(t, "WriteMessage", ws.WriteMessage(TextMessage, []byte(text)), nil)
					} else {
						w, err := ws.NextWriter(TextMessage)
						if err != nil {
							t.Fatal(err)
						}
						_, err = io.Copy(w, iotest.HalfReader(strings.NewReader(text)))
						wantError(t, "Copy", err, nil)
						wantError(t, "Close", w.Close(), nil)
					}
					if first := c.out.Bytes()[0]; first&0x40 == 0 {
						t.Errorf("first byte %#x", first)
					}
					mt, p, err := peer.ReadMessage()
					if mt != TextMessage || string(p) != text || err != nil {
						t.Errorf("server %v, level %d, buffer %d, text %d: %d bytes, %v", server, level, bufferSize, i, len(p), err)
					}
				}
				ws.Close()
				peer.Close()
			}
		}
	}
}

func TestCompressionToggle(t *testing.T) {
	ws, c := serveConfig(t, connConfig{compress: true}, strings.NewReader(""))
	for i, on := range []bool{true, false, true} {
		ws.EnableWriteCompression(on)
		wantError(t, "WriteMessage", ws.WriteMessage(TextMessage, []byte("text")), nil)
		wantError(t, "ping", ws.WriteMessage(PingMessage, []byte("text")), nil)
		list := parse(t, c.out.Bytes())
		if compressed := list[0].first == 0xc1; len(list) != 2 || compressed != on || list[1].first != 0x89 {
			t.Errorf("message %d: %+v", i, list)
		}
		c.out.Reset()
	}
	plain, c := serve(t)
	plain.EnableWriteCompression(true)
	wantError(t, "WriteMessage", plain.WriteMessage(TextMessage, []byte("text")), nil)
	if out := c.written(t); out[0] != "81 text" {
		t.Errorf("compressed without being negotiated: %q", out)
	}
}

// TestCorruptDeflate reads on after a message that is no deflate stream.
func TestCorruptDeflate(t *testing.T) {
	good := deflate(t, 5, "Hello, Hello, Hello")
	for _, bad := range []string{"", "\xff", "\x07garbage", good[:3] + "\xff\xff\xff" + good[3:], strings.Repeat("\xff", 10000)} {
		ws, _ := serveConfig(t, connConfig{compress: true}, bytes.NewReader(frames(
			frame(0xc1, bad), frame(0xc1, good), frame(0x41, bad), frame(0x00, bad), frame(0x80, "rest"), frame(0x81, "plain"))))
		_, _, err := ws.ReadMessage()
		var corrupt flate.CorruptInputError
		if !errors.As(err, &corrupt) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %T %v", bad, err, err)
		}
		wantMessage(t, ws, TextMessage, "Hello, Hello, Hello")
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Errorf("%q in fragments was accepted", bad)
		}
		wantMessage(t, ws, TextMessage, "plain")
	}
}

// TestTruncatedDeflate cuts compressed messages at every byte.
func TestTruncatedDeflate(t *testing.T) {
	text := "Hello, Hello, Hello, and something else"
	z := deflate(t, 5, text)
	in := frames(frame(0x41, z[:5]), frame(0x89, ""), frame(0x80, z[5:]))
	for cut := 0; cut < len(in); cut++ {
		ws, _ := serveConfig(t, connConfig{compress: true}, bytes.NewReader(in[:cut]))
		_, p, err := ws.ReadMessage()
		if !strings.HasPrefix(text, string(p)) {
			t.Errorf("cut at %d: %q", cut, p)
		}
		want1006(t, "read", err)
	}
}

func TestDeflateReader(t *testing.T) {
	z := deflate(t, 5, "Hello, Hello, Hello")
	ws, _ := serveConfig(t, connConfig{compress: true}, bytes.NewReader(frames(
		frame(0x41, z[:5]), frame(0x89, "ping"), frame(0x80, z[5:]), frame(0xc1, z), frame(0xc1, z), frame(0x81, "plain"))))
	pings := 0
	ws.SetPingHandler(func(string) error { pings++; return nil })
	_, r, err := ws.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	if p, err := io.ReadAll(r); string(p) != "Hello, Hello, Hello" || err != nil || pings != 1 {
		t.Errorf("%q, %v, %d pings", p, err, pings)
	}
	_, err = r.Read(make([]byte, 1))
	wantError(t, "read after the end", err, io.ErrClosedPipe)
	_, stale, _ := ws.NextReader()
	if _, err := io.ReadFull(stale, make([]byte, 3)); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, ws, TextMessage, "Hello, Hello, Hello")
	_, err = stale.Read(make([]byte, 1))
	wantError(t, "read of a stale reader", err, io.ErrClosedPipe)
	wantMessage(t, ws, TextMessage, "plain")
}

// TestDeflateHandlerReads starts the next message inside a handler that runs in
// the middle of a compressed one.
func TestDeflateHandlerReads(t *testing.T) {
	z := deflate(t, 5, "Hello, Hello, Hello")
	ws, _ := serveConfig(t, connConfig{compress: true}, bytes.NewReader(frames(
		frame(0x41, z[:5]), frame(0x89, ""), frame(0x80, z[5:]), frame(0xc1, z), frame(0xc1, z))))
	var inner io.Reader
	ws.SetPingHandler(func(string) error {
		var err error
		if _, inner, err = ws.NextReader(); err == nil {
			_, err = io.ReadFull(inner, make([]byte, 3))
		}
		return err
	})
	_, _, err := ws.ReadMessage()
	wantError(t, "interrupted message", err, errInterrupted)
	if p, err := io.ReadAll(inner); string(p) != "lo, Hello, Hello" || err != nil {
		t.Errorf("inner message goes on with %q, %v", p, err)
	}
	wantMessage(t, ws, TextMessage, "Hello, Hello, Hello")
}

// TestReadLimitDecompressed bounds a message after decompression: exactly, and
// without decompressing more.
func TestReadLimitDecompressed(t *testing.T) {
	const size = 16 << 20
	var bomb strings.Builder
	{
		w, _ := flate.NewWriter(&bomb, 9)
		zeros := make([]byte, 1<<20)
		for i := 0; i < size>>20; i++ {
			w.Write(zeros)
		}
		w.Flush()
	}
	z := strings.TrimSuffix(bomb.String(), "\x00\x00\xff\xff")
	for _, limit := range []int64{size, size - 1, 100000} {
		if int64(len(z)) > limit {
			t.Fatalf("the message is %d bytes on the wire", len(z))
		}
		ws, c := serveConfig(t, connConfig{compress: true}, bytes.NewReader(frames(frame(0xc2, z), frame(0x81, "next"))))
		ws.SetReadLimit(limit)
		_, r, err := ws.NextReader()
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, r)
		if n != limit {
			t.Errorf("limit %d: %d bytes", limit, n)
		}
		if limit == size {
			wantError(t, "message of the limit's size", err, nil)
			wantMessage(t, ws, TextMessage, "next")
			continue
		}
		wantError(t, "larger message", err, ErrReadLimit)
		_, _, err = ws.NextReader()
		wantError(t, "next read", err, ErrReadLimit)
		if out := c.written(t); len(out) != 1 || out[0] != "88 \x03\xf1" {
			t.Errorf("sent %q, want an empty 1009", out)
		}
	}

	ws, _ := serveConfig(t, connConfig{compress: true}, bytes.NewReader(frame(0xc2, z)))
	ws.SetReadLimit(100000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := ws.ReadMessage()
	runtime.ReadMemStats(&after)
	wantError(t, "ReadMessage", err, ErrReadLimit)
	if n := after.TotalAlloc - before.TotalAlloc; n > 2<<20 {
		t.Errorf("%d bytes allocated", n)
	}
}
