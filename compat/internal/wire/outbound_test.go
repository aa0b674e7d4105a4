package wire

import (
	"bytes"
	"errors"
	"net"
	"testing"
)

// recorder is a network connection that keeps what is written.
type recorder struct {
	net.Conn
	writes [][]byte
	err    error
	closed bool
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	r.writes = append(r.writes, append([]byte(nil), p...))
	return len(p), nil
}

func (r *recorder) Close() error { r.closed = true; return nil }

// sizes returns the sizes of the writes.
func (r *recorder) sizes() (list []int) {
	for _, w := range r.writes {
		list = append(list, len(w))
	}
	return list
}

// engineFrame is what an engine writes of p in one frame.
func engineFrame(p []byte, server bool) []byte {
	h := Header{First: Fin | Binary, Masked: !server, Key: [4]byte{1, 2, 3, 4}, Length: int64(len(p))}
	b := append(h.Append(nil), p...)
	if h.Masked {
		Mask(b[h.Size():], h.Key)
	}
	return b
}

// frames returns the first bytes, the lengths and the payload of the frames in b,
// and fails if one is masked and should not be, or the other way round.
func frames(t *testing.T, b []byte, server bool) (first []byte, lengths []int, payload []byte) {
	t.Helper()
	for len(b) > 0 {
		h, size := Parse(b)
		if size == 0 || h.Masked == server || int64(len(b)-size) < h.Length {
			t.Fatalf("%d bytes are no frame: %+v", len(b), h)
		}
		p := append([]byte(nil), b[size:size+int(h.Length)]...)
		Mask(p, h.Key)
		first, lengths, payload = append(first, h.First), append(lengths, len(p)), append(payload, p...)
		b = b[size+len(p):]
	}
	return first, lengths, payload
}

func TestTapWrite(t *testing.T) {
	for _, test := range []struct {
		name   string
		server bool
		first  byte
		length int   // of the payload
		size   int   // of a frame's payload
		pieces []int // what the engine hands over at a time; the rest at last
		writes []int // what arrives at the network
	}{
		{"as it is", true, Fin | Binary, 10, 10, nil, []int{12}},
		{"other opcode", true, Fin | Ping, 10, 10, nil, []int{12}},
		{"fragment", true, Text, 10, 10, nil, []int{12}},
		{"compressed", true, Fin | RSV1 | Text, 10, 10, nil, []int{12}},
		{"empty", true, Fin | Close, 0, 0, nil, []int{2}},
		{"empty of a client", false, Fin | Close, 0, 0, []int{2, 2}, []int{6}},
		{"client", false, Fin | Binary, 10, 10, nil, []int{16}},
		{"header apart", true, Fin | Binary, 10, 10, []int{2}, []int{12}},
		{"byte by byte", true, Continuation, 3, 3, []int{1, 1, 1, 1}, []int{5}},
		{"small buffer of a client", false, Fin | Binary, 20000, 20000, []int{4096, 4096, 4096, 4096}, []int{20008}},
		{"small buffer of a server", true, Fin | Binary, 100, 100, []int{16, 80}, []int{102}},
		{"large", true, Continuation, 70000, 70000, []int{16}, []int{70010}},
		{"more than is gathered", false, Text, 200000, 200000, repeat(4096, 48), []int{large, large, 200014 - 2*large}},
		{"in frames", true, Fin | Text, 10, 4, nil, []int{16}},
		{"in frames of a client", false, Fin | RSV1 | Text, 10, 3, []int{7, 1, 1}, []int{34}},
		{"in whole frames", false, Fin | Binary, 9, 3, nil, []int{27}},
		{"a part in frames", false, Text, 9, 4, nil, []int{27}},
		{"in frames that are large", false, Fin | Binary, 64 << 10, 4 << 10, repeat(4096, 16), []int{64<<10 + 16*8}},
		{"in more frames than are gathered", true, Fin | Binary, 60000, 2, nil, []int{large - 10, 120000 - large + 10}},
	} {
		t.Run(test.name, func(t *testing.T) {
			payload := bytes.Repeat([]byte("0123456789"), test.length/10+1)[:test.length]
			conn := new(recorder)
			tap := NewTap(conn, test.server)
			for round := 0; round < 2; round++ {
				conn.writes = nil
				tap.Begin(test.first, payload, test.size)
				rest := engineFrame(payload, test.server)
				for _, n := range append(test.pieces, len(rest)) {
					if n > len(rest) {
						n = len(rest)
					}
					if k, err := tap.Write(rest[:n]); k != n || err != nil {
						t.Fatal(k, err)
					}
					for i := range rest[:n] { // an engine uses its memory again
						rest[i] = 0xff
					}
					rest = rest[n:]
				}
				if err := tap.End(); err != nil {
					t.Fatal(err)
				}
				first, lengths, got := frames(t, bytes.Join(conn.writes, nil), test.server)
				if !bytes.Equal(got, payload) {
					t.Fatalf("%d bytes of payload are not the %d written", len(got), len(payload))
				}
				for i := range first {
					last := i == len(first)-1
					want := test.first &^ Fin
					if i > 0 {
						want = Continuation
					}
					if last {
						want |= test.first & Fin
					}
					if first[i] != want || !last && lengths[i] != test.size || last && lengths[i] > test.size {
						t.Fatalf("frame %d of %d starts with %#x and has %d bytes", i, len(first), first[i], lengths[i])
					}
				}
				if got := conn.sizes(); !equal(got, test.writes) {
					t.Errorf("written in pieces of %d, want %d", got, test.writes)
				}
			}
		})
	}
}

func repeat(n, count int) (list []int) {
	for i := 0; i < count; i++ {
		list = append(list, n)
	}
	return list
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestTapWriteBeside has the end of a payload that the engine passes on as it
// is written from where it is.
func TestTapWriteBeside(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789"), 10000)
	conn := new(recorder)
	tap := NewTap(conn, true)
	tap.Begin(Fin|Text, payload, len(payload))
	for _, b := range [][]byte{engineFrame(payload, true)[:16], payload[6:]} {
		if _, err := tap.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := tap.End(); err != nil {
		t.Fatal(err)
	}
	if _, _, got := frames(t, bytes.Join(conn.writes, nil), true); !bytes.Equal(got, payload) {
		t.Errorf("%d bytes of payload are not the %d written", len(got), len(payload))
	}
	if got := conn.sizes(); !equal(got, []int{16, len(payload) - 6}) {
		t.Errorf("written in pieces of %d", got)
	}
}

// TestTapRefuses holds the engine to writing what it was asked for.
func TestTapRefuses(t *testing.T) {
	conn := new(recorder)
	tap := NewTap(conn, true)
	if _, err := tap.Write([]byte("\x88\x00")); err == nil {
		t.Error("a frame of the engine's own was written")
	}
	tap.Begin(Fin|Text, nil, 0)
	if _, err := tap.Write([]byte("\x81\x00\x88")); err == nil {
		t.Error("more than a frame was written")
	}
	if err := tap.Close(); err != nil || conn.closed {
		t.Error("the engine closed the network connection")
	}
	if len(conn.writes) > 0 {
		t.Errorf("written: %q", conn.writes)
	}
}

// TestTapEnd ends frames that the engine has not written whole.
func TestTapEnd(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 1500)
	for _, server := range []bool{true, false} {
		for _, test := range []struct {
			name    string
			first   byte
			payload []byte
			size    int
			written int // bytes of the engine's frame
		}{
			{"nothing", Fin | Pong, []byte("pong"), 4, 0},
			{"empty", Fin | Ping, nil, 0, 0},
			{"half a header", Fin | Text, []byte("part"), 4, 1},
			{"held back", Text, []byte("part"), 4, 5},
			{"in frames", Fin | Text, long, 4000, 10000},
			{"long", Fin | Text, long, len(long), 100},
		} {
			conn := new(recorder)
			tap := NewTap(conn, server)
			tap.Begin(test.first, test.payload, test.size)
			kept := append([]byte(nil), test.payload...)
			if _, err := tap.Write(engineFrame(test.payload, server)[:test.written]); err != nil {
				t.Fatal(err)
			}
			if err := tap.End(); err != nil {
				t.Fatal(err)
			}
			first, lengths, got := frames(t, bytes.Join(conn.writes, nil), server)
			if !bytes.Equal(got, kept) || !bytes.Equal(test.payload, kept) {
				t.Errorf("server %v, %s: %q", server, test.name, got)
			}
			if last := len(first) - 1; first[0]|first[last]&Fin != test.first || lengths[0] != test.size && last > 0 {
				t.Errorf("server %v, %s: frames %#x of %d", server, test.name, first, lengths)
			}
		}
	}
	t.Run("a part", func(t *testing.T) {
		conn := new(recorder)
		tap := NewTap(conn, true)
		payload := make([]byte, 200000)
		tap.Begin(Text, payload, len(payload))
		if _, err := tap.Write(engineFrame(payload, true)[:100000]); err != nil {
			t.Fatal(err)
		}
		if err := tap.End(); err == nil {
			t.Error("half a frame without an error")
		}
	})
	t.Run("network error", func(t *testing.T) {
		broken := errors.New("broken")
		conn := &recorder{err: broken}
		tap := NewTap(conn, true)
		for _, payload := range [][]byte{[]byte("hi"), make([]byte, 200000)} {
			tap.Begin(Fin|Text, payload, len(payload))
			if _, err := tap.Write(engineFrame(payload, true)); err != nil && err != broken {
				t.Errorf("the engine got %v", err)
			}
			if err := tap.End(); err != broken {
				t.Errorf("%v, want %v", err, broken)
			}
		}
		conn.err = nil
		tap.Begin(Fin|Text, []byte("hi"), 2)
		if _, err := tap.Write([]byte("\x81\x02hi")); err != nil {
			t.Fatal(err)
		}
		if err := tap.End(); err != nil || len(conn.writes) != 1 || string(conn.writes[0]) != "\x81\x02hi" {
			t.Errorf("after the error: %v, %q", err, conn.writes)
		}
	})
}
