package websocket

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// A script is a reader of which each Read returns the next piece, as far as it
// fits, with the error behind the last one.
type script struct {
	pieces []string
	err    error
	asked  []int
}

func (s *script) Read(p []byte) (int, error) {
	s.asked = append(s.asked, len(p))
	if len(s.pieces) == 0 {
		return 0, io.ErrUnexpectedEOF // read on after the end
	}
	n := copy(p, s.pieces[0])
	if s.pieces[0] = s.pieces[0][n:]; s.pieces[0] == "" {
		s.pieces = s.pieces[1:]
	}
	if len(s.pieces) == 0 {
		return n, s.err
	}
	return n, nil
}

// TestReadAhead reads more than is asked for amid a backlog alone, and returns
// all of it before the error that came with it.
func TestReadAhead(t *testing.T) {
	broken := errors.New("broken")
	backlog := strings.Repeat("abcdefgh", 1000)
	for _, tt := range []struct {
		name       string
		more, full bool
		asked      int // what the network is asked for
	}{
		{"idle", false, false, 100},
		{"more to come", true, false, 100},
		{"messages wait", false, true, backlogSize},
		{"backlog amid a message", true, true, aheadSize},
	} {
		src := &script{pieces: []string{backlog}, err: broken}
		a := &readAhead{conn: src, more: tt.more, full: tt.full}
		var got strings.Builder
		var err error
		for buf := make([]byte, 100); err == nil; {
			var n int
			n, err = a.Read(buf)
			got.Write(buf[:n])
			a.more = tt.more && tt.full
		}
		if got.String() != backlog || err != broken {
			t.Errorf("%s: %d of %d bytes, then %v", tt.name, got.Len(), len(backlog), err)
		}
		if src.asked[0] != tt.asked {
			t.Errorf("%s: the network is asked for %d bytes, want %d", tt.name, src.asked[0], tt.asked)
		}
		if _, err := a.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF {
			t.Errorf("%s: reading on returns %v, want what the network says", tt.name, err)
		}
		if a.buf != nil {
			t.Errorf("%s: a buffer is kept with nothing in it", tt.name)
		}
	}
}
