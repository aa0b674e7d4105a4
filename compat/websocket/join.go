package websocket

import (
	"io"
	"strings"
)

// JoinMessages returns a reader of the payload of all messages of c, each with
// term behind it. It is for one goroutine.
func JoinMessages(c *Conn, term string) io.Reader { return &joined{c: c, term: term} }

type joined struct {
	c    *Conn
	term string
	r    io.Reader // nil between messages
}

// Read implements io.Reader.
func (j *joined) Read(p []byte) (int, error) {
	if j.r == nil {
		_, r, err := j.c.NextReader()
		if err != nil {
			return 0, err
		}
		if j.term != "" {
			r = io.MultiReader(r, strings.NewReader(j.term))
		}
		j.r = r
	}
	n, err := j.r.Read(p)
	if err == io.EOF {
		j.r = nil
		err = nil
	}
	return n, err
}
