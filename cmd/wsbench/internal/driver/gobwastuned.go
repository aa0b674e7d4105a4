package driver

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/gobwas/ws"
)

var gobwasTunedLibrary = &Library{
	Name:    "gobwas-tuned",
	Title:   "gobwas, own buffers",
	Module:  "github.com/gobwas/ws",
	Lacks:   plainOnly,
	Serve:   serveGobwas(newGobwasTuned),
	Connect: dialGobwas(newGobwasTuned),
	Prepare: func(p []byte) (func(Conn) error, error) {
		frame, err := ws.CompileFrame(ws.NewBinaryFrame(p))
		return func(c Conn) error {
			_, err := c.(*gobwasTuned).s.Conn.Write(frame)
			return err
		}, err
	},
}

// gobwasTuned uses gobwas with a read buffer, a payload that is reused, and
// one write a message.
type gobwasTuned struct {
	s   gobwasStream
	out bytes.Buffer
}

func newGobwasTuned(s gobwasStream) Conn { return &gobwasTuned{s: s} }

// Loop implements [Conn].
func (k *gobwasTuned) Loop(on func(p []byte) error) error {
	br := bufio.NewReaderSize(k.s, 4096)
	var buf []byte
	for {
		h, err := ws.ReadHeader(br)
		if err != nil {
			return err
		}
		if h.OpCode != ws.OpBinary || !h.Fin {
			return fmt.Errorf("unexpected frame %+v", h)
		}
		if int64(cap(buf)) < h.Length {
			buf = make([]byte, h.Length)
		}
		buf = buf[:h.Length]
		if _, err := io.ReadFull(br, buf); err != nil {
			return err
		}
		if h.Masked {
			ws.Cipher(buf, h.Mask, 0)
		}
		if err := on(buf); err != nil {
			return err
		}
	}
}

// Write implements [Conn].
func (k *gobwasTuned) Write(p []byte) error {
	h := ws.Header{Fin: true, OpCode: ws.OpBinary, Length: int64(len(p))}
	if !k.s.server {
		h.Masked, h.Mask = true, ws.NewMask()
	}
	k.out.Reset()
	if err := ws.WriteHeader(&k.out, h); err != nil {
		return err
	}
	head := k.out.Len()
	k.out.Write(p)
	if h.Masked {
		ws.Cipher(k.out.Bytes()[head:], h.Mask, 0)
	}
	_, err := k.s.Conn.Write(k.out.Bytes())
	return err
}

// Close implements [Conn].
func (k *gobwasTuned) Close() error { return k.s.Close() }
