package wire

import (
	"bytes"
	"errors"
	"io"
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

func TestTapRead(t *testing.T) {
	key := [4]byte{9, 8, 7, 6}
	for _, server := range []bool{true, false} {
		for _, size := range []int{0, 1, 125, 126, 70000} {
			for _, step := range []int{1, 2, 16, 4096, 100000} {
				payload := bytes.Repeat([]byte("xyz"), size)[:size]
				tap := NewTap(nil, server)
				tap.Open(key)
				tap.Stage(payload)
				want := Header{First: Fin | Binary, Masked: server, Key: key, Length: endless}.Append(nil)
				want = append(want, payload...)
				var got []byte
				for len(got) < len(want) {
					p := make([]byte, step)
					n, err := tap.Read(p)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, p[:n]...)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("server %v, size %d, step %d: got %d bytes, want %d", server, size, step, len(got), len(want))
				}
				if n, err := tap.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, io.EOF) {
					t.Errorf("read beyond what is at hand: %d, %v", n, err)
				}
			}
		}
	}
}

func TestTapReadInPlace(t *testing.T) {
	tap := NewTap(nil, true)
	payload := []byte("in place")
	tap.Open([4]byte{})
	tap.Stage(payload)
	head := make([]byte, MaxHeader)
	if _, err := io.ReadFull(tap, head); err != nil {
		t.Fatal(err)
	}
	if n, err := tap.Read(payload); n != len(payload) || err != nil || string(payload) != "in place" {
		t.Errorf("%d, %v, %q", n, err, payload)
	}
}

func TestTapWrite(t *testing.T) {
	for _, test := range []struct {
		name   string
		server bool
		first  byte
		size   int
		pieces []int // what the engine hands over at a time; the rest at last
		writes []int // what arrives at the network
	}{
		{"as it is", true, Fin | Binary, 10, nil, []int{12}},
		{"other opcode", true, Fin | Ping, 10, nil, []int{12}},
		{"fragment", true, Text, 10, nil, []int{12}},
		{"compressed", true, Fin | RSV1 | Text, 10, nil, []int{12}},
		{"empty", true, Fin | Close, 0, nil, []int{2}},
		{"client", false, Fin | Binary, 10, nil, []int{16}},
		{"header apart", true, Fin | Binary, 10, []int{2}, []int{12}},
		{"byte by byte", true, Continuation, 3, []int{1, 1, 1, 1}, []int{5}},
		{"small buffer", false, Fin | Binary, 20000, []int{4096, 4096, 4096, 4096}, []int{20008}},
		{"large rest", true, Fin | Binary, 100000, []int{4096}, []int{4096, 100010 - 4096}},
		{"more than is gathered", false, Text, 200000, repeat(4096, 48), []int{coalesce + MaxHeader, coalesce + MaxHeader, 200014 - 2*(coalesce+MaxHeader)}},
		{"all at once", true, Fin | Binary, 100000, nil, []int{100010}},
		{"all at once, changed", true, Continuation, 100000, nil, []int{coalesce + MaxHeader, 100010 - coalesce - MaxHeader}},
	} {
		t.Run(test.name, func(t *testing.T) {
			payload := bytes.Repeat([]byte("0123456789"), test.size/10+1)[:test.size]
			h := Header{First: Fin | Binary, Masked: !test.server, Key: [4]byte{1, 2, 3, 4}, Length: int64(test.size)}
			frame := append(h.Append(nil), payload...)
			want := append([]byte(nil), frame...)
			want[0] = test.first

			conn := new(recorder)
			tap := NewTap(conn, test.server)
			for round := 0; round < 2; round++ {
				conn.writes = nil
				tap.Begin(test.first, test.size, false)
				rest := append([]byte(nil), frame...)
				for _, n := range test.pieces {
					if k, err := tap.Write(rest[:n]); k != n || err != nil {
						t.Fatal(k, err)
					}
					rest = rest[n:]
				}
				if len(rest) > 0 {
					if k, err := tap.Write(rest); k != len(rest) || err != nil {
						t.Fatal(k, err)
					}
				}
				if err := tap.End(payload); err != nil {
					t.Fatal(err)
				}
				if got := bytes.Join(conn.writes, nil); !bytes.Equal(got, want) {
					t.Fatalf("%d bytes on the wire are not the frame of %d bytes", len(got), len(want))
				}
				var sizes []int
				for _, w := range conn.writes {
					sizes = append(sizes, len(w))
				}
				if !equal(sizes, test.writes) {
					t.Errorf("written in pieces of %d, want %d", sizes, test.writes)
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

// TestTapRefuses holds the engine to writing what it was asked for.
func TestTapRefuses(t *testing.T) {
	conn := new(recorder)
	tap := NewTap(conn, true)
	if _, err := tap.Write([]byte("\x88\x00")); err == nil {
		t.Error("a frame of the engine's own was written")
	}
	tap.Begin(Fin|Text, 0, false)
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
	t.Run("nothing", func(t *testing.T) {
		for _, server := range []bool{true, false} {
			conn := new(recorder)
			tap := NewTap(conn, server)
			tap.Begin(Fin|Pong, 4, false)
			if err := tap.End([]byte("pong")); err != nil {
				t.Fatal(err)
			}
			got := bytes.Join(conn.writes, nil)
			if server && string(got) != "\x8a\x04pong" {
				t.Errorf("%q", got)
			}
			if !server {
				p := append([]byte(nil), got[6:]...)
				Mask(p, [4]byte{got[2], got[3], got[4], got[5]})
				if string(got[:2]) != "\x8a\x84" || string(p) != "pong" {
					t.Errorf("%q", got)
				}
			}
		}
	})
	t.Run("held back", func(t *testing.T) {
		conn := new(recorder)
		tap := NewTap(conn, true)
		tap.Begin(Text, 4, false)
		if _, err := tap.Write([]byte("\x82\x04pa")); err != nil {
			t.Fatal(err)
		}
		if err := tap.End([]byte("part")); err != nil {
			t.Fatal(err)
		}
		if got := bytes.Join(conn.writes, nil); string(got) != "\x01\x04part" {
			t.Errorf("%q", got)
		}
	})
	t.Run("a part", func(t *testing.T) {
		conn := new(recorder)
		tap := NewTap(conn, true)
		payload := make([]byte, 200000)
		tap.Begin(Text, len(payload), false)
		if _, err := tap.Write(append([]byte("\x82\x7f\x00\x00\x00\x00\x00\x03\x0d\x40"), payload[:100000]...)); err != nil {
			t.Fatal(err)
		}
		if err := tap.End(payload); err == nil {
			t.Error("half a frame without an error")
		}
	})
	t.Run("network error", func(t *testing.T) {
		broken := errors.New("broken")
		tap := NewTap(&recorder{err: broken}, true)
		tap.Begin(Fin|Text, 2, false)
		if _, err := tap.Write([]byte("\x81\x02hi")); err != broken {
			t.Errorf("the engine got %v", err)
		}
		if err := tap.End([]byte("hi")); err != broken {
			t.Errorf("%v, want %v", err, broken)
		}
	})
}

// TestTapBatch writes frames of which each but the last may wait for the next.
func TestTapBatch(t *testing.T) {
	payload := bytes.Repeat([]byte("0123456789"), 410)[:4096]
	frame := append(Header{First: Fin | Binary, Length: int64(len(payload))}.Append(nil), payload...)
	for _, test := range []struct {
		name   string
		frames int
		broken int // the frame that the engine breaks off, from 1; 0 for none
		writes int // calls of the network
	}{
		{"one", 1, 0, 1},
		{"a few", 5, 0, 1},
		{"more than are held", 20, 0, 2},
		{"broken off", 5, 3, 2},
		{"the first broken off", 5, 1, 2},
		{"the last broken off", 5, 5, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn := new(recorder)
			tap := NewTap(conn, true)
			var want []byte
			for i := 1; i <= test.frames; i++ {
				first := byte(Continuation)
				if i == 1 {
					first = Text
				}
				if i == test.frames {
					first |= Fin
				}
				tap.Begin(first, len(payload), i < test.frames)
				n := len(frame)
				if i == test.broken {
					n = 100
				}
				if _, err := tap.Write(frame[:n]); err != nil {
					t.Fatal(err)
				}
				if err := tap.End(payload); err != nil {
					t.Fatal(err)
				}
				want = append(append(want, first), frame[1:]...)
			}
			if got := bytes.Join(conn.writes, nil); !bytes.Equal(got, want) {
				t.Errorf("%d bytes on the wire are not the frames of %d bytes", len(got), len(want))
			}
			if len(conn.writes) != test.writes {
				t.Errorf("%d writes, want %d", len(conn.writes), test.writes)
			}
		})
	}
	t.Run("network error", func(t *testing.T) {
		broken := errors.New("broken")
		conn := &recorder{err: broken}
		tap := NewTap(conn, true)
		var err error
		for i := 0; i < 20 && err == nil; i++ {
			tap.Begin(Continuation, len(payload), true)
			_, _ = tap.Write(frame) // End tells
			err = tap.End(payload)
		}
		if err != broken {
			t.Fatalf("%v, want %v", err, broken)
		}
		conn.err = nil
		tap.Begin(Fin|Text, len(payload), false)
		if _, err := tap.Write(frame); err != nil {
			t.Fatal(err)
		}
		if err := tap.End(payload); err != nil || len(conn.writes) != 1 || len(conn.writes[0]) != len(frame) {
			t.Errorf("after the error: %v, %d writes", err, len(conn.writes))
		}
	})
}
