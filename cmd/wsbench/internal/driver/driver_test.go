package driver

import (
	"bytes"
	"testing"
)

func TestFind(t *testing.T) {
	seen := make(map[string]bool)
	for _, l := range All() {
		if got, err := Find(l.Name); err != nil || got != l || seen[l.Name] {
			t.Errorf("Find(%q): %v", l.Name, err)
		}
		seen[l.Name] = true
	}
	if _, err := Find("gorila"); err == nil {
		t.Error("an unknown library was found")
	}
}

// TestRawFrames takes frames apart that come in every pair of pieces.
func TestRawFrames(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
			payload := bytes.Repeat([]byte("x"), size)
			frame := appendRaw(nil, payload, server)
			from, to := parseRaw(frame)
			if to != len(frame) || !bytes.Equal(frame[from:to], payload) {
				t.Errorf("server %v, size %d: payload from %d to %d of %d", server, size, from, to, len(frame))
			}
			for cut := range min(len(frame), 20) {
				if cut == len(frame) {
					break
				}
				if _, to := parseRaw(frame[:cut]); to <= cut {
					t.Errorf("server %v, size %d: whole after %d of %d bytes", server, size, cut, len(frame))
				}
			}
		}
	}
}
