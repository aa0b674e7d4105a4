package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// TestControlBetweenFragments handles control frames in stream order: not
// before what stands in front of them was read, and not after.
func TestControlBetweenFragments(t *testing.T) {
	var events []string
	ws, _ := serve(t, frames(
		frame(0x89, "0"), frame(0x01, "first"), frame(0x89, "1"), frame(0x8a, "2"),
		frame(0x00, "second"), frame(0x89, "3"), frame(0x80, ""), frame(0x89, "4"), frame(0x82, "next")))
	note := func(kind string) func(string) error {
		return func(s string) error { events = append(events, kind+s); return nil }
	}
	ws.SetPingHandler(note("ping"))
	ws.SetPongHandler(note("pong"))
	_, r, err := ws.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1000)
	for err == nil {
		var n int
		n, err = r.Read(buf)
		events = append(events, fmt.Sprintf("%q %v", buf[:n], err))
	}
	wantMessage(t, ws, BinaryMessage, "next")
	want := `ping0 "first" <nil> ping1 pong2 "second" <nil> ping3 "" EOF ping4`
	if got := strings.Join(events, " "); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestReadWhatHasArrived does not wait for the rest of a frame.
func TestReadWhatHasArrived(t *testing.T) {
	f := frame(0x81, "abcdefgh")
	ws, _ := serve(t, f[:9], f[9:11], f[11:])
	_, r, err := ws.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for buf := make([]byte, 100); ; {
		n, err := r.Read(buf)
		if err == io.EOF {
			break
		}
		got = append(got, string(buf[:n]))
	}
	if fmt.Sprint(got) != "[abc de fgh]" {
		t.Errorf("%q", got)
	}
}

// TestTruncated cuts a stream at every byte. A message that is not whole must
// not look as if it were.
func TestTruncated(t *testing.T) {
	one := frames(frame(0x01, "AB"), frame(0x89, "ping"), frame(0x00, strings.Repeat("C", 200)), frame(0x80, "D"))
	want := "AB" + strings.Repeat("C", 200) + "D"
	for cut := 0; cut <= len(one); cut++ {
		for _, oneByte := range []bool{false, true} {
			var in io.Reader = bytes.NewReader(one[:cut])
			if oneByte {
				in = iotest.OneByteReader(in)
			}
			ws, _ := serveConfig(t, connConfig{}, in)
			_, p, err := ws.ReadMessage()
			if cut == len(one) {
				if string(p) != want || err != nil {
					t.Errorf("whole message: %q, %v", p, err)
				}
				_, _, err = ws.ReadMessage()
			} else if !strings.HasPrefix(want, string(p)) {
				t.Errorf("cut at %d: %q", cut, p)
			}
			want1006(t, fmt.Sprintf("cut at %d", cut), err)
			_, _, again := ws.NextReader()
			wantError(t, "next read", again, err)

			// The same by a reader.
			ws, _ = serve(t, one[:cut])
			_, r, err := ws.NextReader()
			if err == nil {
				_, err = io.ReadAll(r)
				if cut == len(one) {
					wantError(t, "whole message", err, nil)
					continue
				}
			}
			want1006(t, fmt.Sprintf("reader, cut at %d", cut), err)
		}
	}
}

// TestPartIsUnmasked hands out what arrived of a frame before an error.
func TestPartIsUnmasked(t *testing.T) {
	f := frame(0x82, "ABCDEFGH")
	ws, _ := serve(t, f[:len(f)-3])
	_, p, err := ws.ReadMessage()
	if string(p) != "ABCDE" {
		t.Errorf("%q, want what had arrived", p)
	}
	want1006(t, "read", err)
}

// lastWords returns the end of the stream together with the last bytes.
type lastWords struct{ p []byte }

func (l *lastWords) Read(p []byte) (int, error) {
	n := copy(p, l.p)
	if l.p = l.p[n:]; len(l.p) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func TestEOFWithData(t *testing.T) {
	text := strings.Repeat("x", 20000) // read past the buffer
	in := frame(0x82, text)
	ws, _ := serveConfig(t, connConfig{}, &lastWords{in})
	wantMessage(t, ws, BinaryMessage, text)

	ws, _ = serveConfig(t, connConfig{}, &lastWords{in})
	_, r, err := ws.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 30000)
	n := 0
	for err == nil {
		var k int
		k, err = r.Read(p[n:])
		n += k
	}
	if n != len(text) || err != io.EOF {
		t.Errorf("%d bytes, %v", n, err)
	}
	_, err = r.Read(p)
	want1006(t, "read after the end", err)

	in[0] = 0x02
	ws, _ = serveConfig(t, connConfig{}, &lastWords{in})
	_, got, err := ws.ReadMessage()
	if string(got) != text {
		t.Errorf("%d bytes", len(got))
	}
	want1006(t, "first of two fragments", err)
}

func TestRestIsDiscarded(t *testing.T) {
	pings := 0
	ws, _ := serve(t, frames(
		frame(0x81, "part of this"), frame(0x01, "and of "), frame(0x89, ""), frame(0x80, "this"), frame(0x82, "next")))
	ws.SetPingHandler(func(string) error { pings++; return nil })
	var stale []io.Reader
	for i := 0; i < 2; i++ {
		_, r, err := ws.NextReader()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, 3)); err != nil {
			t.Fatal(err)
		}
		stale = append(stale, r)
	}
	wantMessage(t, ws, BinaryMessage, "next")
	if pings != 1 {
		t.Errorf("%d pings", pings)
	}
	for _, r := range stale {
		if n, err := r.Read(make([]byte, 10)); n != 0 || err != io.EOF {
			t.Errorf("stale reader: %d, %v", n, err)
		}
	}
	_, _, err := ws.ReadMessage()
	want1006(t, "end", err)
}

func TestHandlerError(t *testing.T) {
	failed := errors.New("handler failed")
	for _, first := range []byte{0x88, 0x89, 0x8a} {
		ws, c := serve(t, frames(frame(first, ""), frame(0x81, "not read")))
		ws.SetPingHandler(func(string) error { return failed })
		ws.SetPongHandler(func(string) error { return failed })
		ws.SetCloseHandler(func(int, string) error { return failed })
		for i := 0; i < 2; i++ {
			_, _, err := ws.ReadMessage()
			wantError(t, fmt.Sprintf("%#x", first), err, failed)
		}
		if out := c.written(t); len(out) > 0 {
			t.Errorf("%#x: replied %q", first, out)
		}
	}
}

// TestHandlerEOF has a handler return what stands for the end of a message.
func TestHandlerEOF(t *testing.T) {
	for _, whole := range []bool{true, false} {
		ws, _ := serve(t, frames(frame(0x01, "first"), frame(0x89, ""), frame(0x80, "second")))
		ws.SetPingHandler(func(string) error { return io.EOF })
		var err error
		if whole {
			_, _, err = ws.ReadMessage()
		} else if _, r, err1 := ws.NextReader(); err1 != nil {
			t.Fatal(err1)
		} else {
			_, err = io.ReadAll(r)
		}
		want1006(t, "message", err)
		_, _, err = ws.NextReader()
		wantError(t, "next read", err, io.EOF)
	}
}

// TestHandlerMayDoAnything uses the connection inside a handler.
func TestHandlerMayDoAnything(t *testing.T) {
	ws, c := serve(t, frames(frame(0x89, "1"), frame(0x81, "inner"), frame(0x81, "outer"), frame(0x88, "\x03\xe8")))
	ws.SetPingHandler(func(string) error {
		wantMessage(t, ws, TextMessage, "inner")
		ws.SetPingHandler(nil)
		return ws.WriteMessage(TextMessage, []byte("reply"))
	})
	ws.SetCloseHandler(func(int, string) error { return ws.Close() })
	wantMessage(t, ws, TextMessage, "outer")
	_, _, err := ws.ReadMessage()
	if !IsCloseError(err, CloseNormalClosure) {
		t.Errorf("%v", err)
	}
	if out := c.written(t); fmt.Sprint(out) != "[81 reply]" || !c.closed {
		t.Errorf("%q, closed %v", out, c.closed)
	}
}

// TestInterrupted reads the next message inside a handler that runs in the
// middle of one. What is left of that is lost, and it does not look whole.
func TestInterrupted(t *testing.T) {
	for _, whole := range []bool{true, false} {
		ws, _ := serve(t, frames(frame(0x01, "outer"), frame(0x89, "1"), frame(0x80, "lost"), frame(0x81, "inner"), frame(0x81, "next")))
		ws.SetPingHandler(func(string) error { wantMessage(t, ws, TextMessage, "inner"); return nil })
		var p []byte
		var err error
		if whole {
			_, p, err = ws.ReadMessage()
		} else if _, r, err1 := ws.NextReader(); err1 != nil {
			t.Fatal(err1)
		} else {
			p, err = io.ReadAll(r)
		}
		if string(p) != "outer" || err != errInterrupted {
			t.Errorf("%q, %v", p, err)
		}
		wantMessage(t, ws, TextMessage, "next")
	}
}

// TestHandlerPanic leaves no lock behind.
func TestHandlerPanic(t *testing.T) {
	ws, _ := serve(t, frames(frame(0x89, ""), frame(0x81, "after")))
	ws.SetPingHandler(func(string) error { panic("in the handler") })
	func() {
		defer func() { _ = recover() }()
		_, _, _ = ws.ReadMessage()
		t.Error("no panic")
	}()
	wantMessage(t, ws, TextMessage, "after")
}

func TestDefaultHandlers(t *testing.T) {
	for _, test := range []struct {
		in    []byte
		reply string
		err   string
	}{
		{frame(0x89, "hello"), "[8a hello]", "1006"},
		{frame(0x8a, "hello"), "[]", "1006"},
		{frame(0x88, ""), "[88 ]", "1005 (no status)"},
		{frame(0x88, "x"), "[88 ]", "1005 (no status)"},
		{frame(0x88, "\x03\xe8"), "[88 \x03\xe8]", "1000 (normal)"},
		{frame(0x88, "\x03\xe9bye"), "[88 \x03\xe9]", "1001 (going away): bye"},
		{frame(0x88, "\x0f\xa0"), "[88 \x0f\xa0]", "4000"},
		{frame(0x88, "\x03\xf6"), "[88 \x03\xeabad close code 1014]", "bad close code 1014"},
		{frame(0x88, "\x03\xed"), "[88 \x03\xeabad close code 1005]", "bad close code 1005"},
		{frame(0x88, "\x03\xe8\xff"), "[88 \x03\xeainvalid utf8 payload in close frame]", "invalid utf8"},
	} {
		ws, c := serve(t, test.in)
		_, _, err := ws.ReadMessage()
		if out := fmt.Sprint(c.written(t)); out != test.reply || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%x: replied %q, %v; want %q, %s", test.in, out, err, test.reply, test.err)
		}
	}
}

func TestProtocolErrors(t *testing.T) {
	for _, test := range []struct {
		in   []byte
		want string
	}{
		{frame(0xc1, ""), "RSV1 set"},
		{frame(0xf1, ""), "RSV1 set, RSV2 set, RSV3 set"},
		{frame(0x83, ""), "bad opcode 3"},
		{frame(0x80, ""), "continuation after FIN"},
		{frames(frame(0x01, ""), frame(0x81, "")), "data before FIN"},
		{frame(0x09, ""), "FIN not set on control"},
		{frame(0x89, strings.Repeat("x", 126)), "len > 125 for control"},
		{[]byte{0x81, 0x00}, "bad MASK"},
		{[]byte{0x7b, 0x7f}, "RSV1 set, RSV2 set, RSV3 set, bad opcode 11, bad MASK"},
	} {
		ws, c := serve(t, test.in)
		_, _, err := ws.ReadMessage()
		if err == nil || err.Error() != "websocket: "+test.want {
			t.Errorf("%x: %v, want %s", test.in, err, test.want)
		}
		if out := fmt.Sprint(c.written(t)); out != "[88 \x03\xea"+test.want+"]" {
			t.Errorf("%x: sent %q", test.in, out)
		}
		wantError(t, "write", ws.WriteMessage(TextMessage, nil), ErrCloseSent)
	}
	// A client must not take masked frames.
	c := &tape{in: bytes.NewReader(frame(0x81, "masked"))}
	ws := newConn(connConfig{netConn: c})
	defer ws.Close()
	if _, _, err := ws.ReadMessage(); err == nil || err.Error() != "websocket: bad MASK" {
		t.Errorf("client: %v", err)
	}
}

func TestReadLimit(t *testing.T) {
	for _, test := range []struct {
		in    []byte
		limit int64
		ok    bool
	}{
		{frame(0x81, "12345"), 5, true},
		{frame(0x81, "123456"), 5, false},
		{frames(frame(0x01, "123"), frame(0x80, "45")), 5, true},
		{frames(frame(0x01, "123"), frame(0x89, "long ping"), frame(0x80, "45")), 5, true},
		{frames(frame(0x01, "123"), frame(0x80, "456")), 5, false},
		{frame(0x81, "123456"), 0, true},
		{frame(0x81, "123456"), -1, true},
		{[]byte{0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 5, false}, // at the header
	} {
		ws, c := serve(t, test.in)
		ws.SetPingHandler(func(string) error { return nil })
		ws.SetReadLimit(test.limit)
		_, p, err := ws.ReadMessage()
		if test.ok {
			wantError(t, fmt.Sprintf("%q", p), err, nil)
			continue
		}
		wantError(t, "read", err, ErrReadLimit)
		if out := fmt.Sprint(c.written(t)); out != "[88 \x03\xf1]" {
			t.Errorf("sent %q, want an empty 1009", out)
		}
		_, _, err = ws.ReadMessage()
		wantError(t, "next read", err, ErrReadLimit)
	}
}

// TestImpossibleLength refuses a length with the top bit set, and lengths that overflow in sum.
func TestImpossibleLength(t *testing.T) {
	huge := []byte{0x00, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}
	for _, in := range [][]byte{
		{0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
		frames(frame(0x01, "x"), huge),
	} {
		ws, _ := serve(t, in)
		_, _, err := ws.ReadMessage()
		wantError(t, fmt.Sprintf("%x", in), err, ErrReadLimit)
	}
}

// TestLyingLength allocates little for a length that is only claimed.
func TestLyingLength(t *testing.T) {
	in := []byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 'a', 'b'}
	ws, _ := serve(t, in)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, p, err := ws.ReadMessage()
	runtime.ReadMemStats(&after)
	if string(p) != "ab" {
		t.Errorf("%q", p)
	}
	want1006(t, "read", err)
	if n := after.TotalAlloc - before.TotalAlloc; n > 512<<10 {
		t.Errorf("%d bytes allocated", n)
	}
}

func TestMessageSizes(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 4095, 4096, 4097, 65535, 65536, 65537, 1 << 20} {
		for _, fragment := range []int{size, size/3 + 1, 1000} {
			if fragment == 0 || size/fragment > 2000 {
				continue
			}
			text := strings.Repeat("0123456789abcde", size/15+1)[:size]
			var in [][]byte
			first := byte(0x02)
			for rest := text; ; first = 0 {
				if len(rest) <= fragment {
					in = append(in, frame(first|0x80, rest))
					break
				}
				in = append(in, frame(first, rest[:fragment]))
				rest = rest[fragment:]
			}
			in = append(in, frame(0x81, "next"))
			ws, _ := serve(t, in...)
			_, p, err := ws.ReadMessage()
			if p == nil || string(p) != text || err != nil {
				t.Errorf("%d bytes in frames of %d: %d bytes, %v", size, fragment, len(p), err)
			}
			wantMessage(t, ws, TextMessage, "next")

			ws, _ = serve(t, in...)
			_, r, err := ws.NextReader()
			if err != nil {
				t.Fatal(err)
			}
			if p, err = io.ReadAll(iotest.HalfReader(r)); string(p) != text || err != nil {
				t.Errorf("reader, %d bytes in frames of %d: %d bytes, %v", size, fragment, len(p), err)
			}
		}
	}
}

// TestInSight looks for the end of a message in what has been read ahead.
func TestInSight(t *testing.T) {
	fin := frame(0x80, "end")
	for _, test := range []struct {
		name      string
		remaining int64 // of the current frame
		final     bool
		rest      string
		want      int
	}{
		{"the frame", 4, true, "1234", 4},
		{"with more behind it", 4, true, "1234\x82\x80", 4},
		{"a part of the frame", 5, true, "1234", 0},
		{"fragments", 2, false, "12" + string(frame(0, "")) + string(frame(0, "middle")) + string(fin), 2 + 6 + 3},
		{"a part of a fragment", 2, false, "12" + string(fin[:len(fin)-1]), 0},
		{"half a header", 2, false, "12" + string(fin[:3]), 0},
		{"no end", 2, false, "12" + string(frame(0, "middle")), 0},
		{"a ping", 2, false, "12" + string(frame(0x89, "")) + string(fin), 0},
		{"another message", 2, false, "12" + string(frame(0x82, "end")), 0},
		{"compressed", 2, false, "12" + string(frame(0xc0, "end")), 0},
		{"not masked", 2, false, "12\x80\x03end", 0},
		{"impossible length", 2, false, "12\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff1234", 0},
	} {
		ws, _ := serve(t)
		ws.remaining, ws.final, ws.ahead.rest = test.remaining, test.final, []byte(test.rest)
		if got := ws.inSight(); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestMessagesAreKept returns messages in fragments, which are gathered in
// memory of a pool, that later ones leave alone.
func TestMessagesAreKept(t *testing.T) {
	var in [][]byte
	texts := []string{strings.Repeat("a", 1000), strings.Repeat("b", 1000), strings.Repeat("c", scratchSize)}
	for _, text := range texts {
		in = append(in, frame(0x02, text[:300]), frame(0x80, text[300:]))
	}
	ws, _ := serve(t, in...)
	var got [][]byte
	for range texts {
		_, p, err := ws.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	for i, text := range texts {
		if string(got[i]) != text {
			t.Errorf("message %d has become %.20q…", i, got[i])
		}
	}
}

func TestRepeatedReadPanics(t *testing.T) {
	ws, _ := serve(t)
	for i := 1; i < 1000; i++ {
		_, _, err := ws.NextReader()
		want1006(t, "read", err)
	}
	defer func() {
		if msg := recover(); msg != "repeated read on failed websocket connection" {
			t.Errorf("recovered %v", msg)
		}
		wantError(t, "Close after the panic", ws.Close(), nil)
		wantError(t, "write after the panic", ws.WriteMessage(TextMessage, nil), nil)
	}()
	_, _, _ = ws.ReadMessage()
	t.Error("no panic at the 1000th failing read")
}

func TestReadJSON(t *testing.T) {
	ws, _ := serve(t, frames(frame(0x81, `"a" ignored`), frame(0x81, ""), frame(0x81, `[1`), frame(0x81, `2`)))
	for _, want := range []string{"a <nil>", "<nil> unexpected EOF", "<nil> unexpected EOF", "2 <nil>"} {
		var v interface{}
		err := ws.ReadJSON(&v)
		if got := fmt.Sprint(v, " ", err); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	err := ReadJSON(ws, new(string))
	want1006(t, "end", err)
}

func TestJoinMessages(t *testing.T) {
	ws, _ := serve(t, frames(frame(0x81, "one"), frame(0x82, ""), frame(0x01, "tw"), frame(0x80, "o")))
	p, err := io.ReadAll(JoinMessages(ws, "|"))
	if string(p) != "one||two|" {
		t.Errorf("%q", p)
	}
	want1006(t, "end", err)
	ws, _ = serve(t, frames(frame(0x81, "one"), frame(0x82, "two")))
	if p, _ := io.ReadAll(JoinMessages(ws, "")); string(p) != "onetwo" {
		t.Errorf("%q", p)
	}
}

// FuzzRead reads whatever a peer may send. There must be an end to it.
func FuzzRead(f *testing.F) {
	f.Add(true, false, int64(0), frames(frame(0x01, "AB"), frame(0x89, "ping"), frame(0x80, "C"), frame(0x88, "\x03\xe8")))
	f.Add(true, true, int64(10), frames(frame(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00"), frame(0x41, "\xf2\x48"), frame(0x80, "\xcd\xc9\xc9\x07\x00")))
	f.Add(false, true, int64(0), []byte("\x81\x02hi\x82\x00\x89\x01x\xc1\x01\x00"))
	f.Add(true, false, int64(0), []byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 'a', 'b'})
	f.Fuzz(func(t *testing.T, server, compress bool, limit int64, in []byte) {
		for _, whole := range []bool{true, false} {
			c := &tape{in: bytes.NewReader(in)}
			ws := newConn(connConfig{netConn: c, server: server, compress: compress})
			ws.SetReadLimit(limit)
			total := 0
			for messages := 0; ; messages++ {
				var p []byte
				_, r, err := ws.NextReader()
				if err != nil {
					break
				}
				if whole {
					p, _ = io.ReadAll(io.LimitReader(r, 1<<20)) // an error in deflated data is not the last
				} else {
					p = make([]byte, messages%7)
					n, _ := io.ReadFull(r, p)
					p = p[:n]
				}
				if total += len(p); limit > 0 && int64(len(p)) > limit || !compress && total > len(in) {
					t.Fatalf("%d bytes of %d with a limit of %d", total, len(in), limit)
				}
				if messages > len(in) {
					t.Fatalf("more messages than the %d bytes of input", len(in))
				}
			}
			for i, f := range parse(t, c.out.Bytes()) {
				if f.masked == server || f.first&0xf < 8 {
					t.Fatalf("frame %d: %+v", i, f)
				}
			}
			ws.Close()
		}
	})
}
