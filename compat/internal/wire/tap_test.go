package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestTapRead(t *testing.T) {
	key := [4]byte{9, 8, 7, 6}
	for _, size := range []int{0, 1, 125, 126, 70000} {
		for _, step := range []int{1, 2, 16, 4096, 100000} {
			payload := bytes.Repeat([]byte("xyz"), size)[:size]
			tap := NewTap(nil, true)
			tap.Open(key)
			tap.Stage(payload)
			want := Header{First: Fin | Binary, Masked: true, Key: key, Length: endless}.Append(nil)
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
				t.Fatalf("size %d, step %d: got %d bytes, want %d", size, step, len(got), len(want))
			}
			if n, err := tap.Read(make([]byte, 1)); n != 0 || err == nil || errors.Is(err, io.EOF) {
				t.Errorf("read beyond what is at hand: %d, %v", n, err)
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
