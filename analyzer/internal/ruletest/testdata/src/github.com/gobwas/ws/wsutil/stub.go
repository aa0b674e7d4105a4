// Package wsutil declares the part of gobwas's API that the rules' test cases
// use, with the real signatures.
package wsutil

import (
	"io"

	"github.com/gobwas/ws"
)

func ReadClientData(rw io.ReadWriter) ([]byte, ws.OpCode, error)   { return nil, 0, nil }
func ReadServerData(rw io.ReadWriter) ([]byte, ws.OpCode, error)   { return nil, 0, nil }
func ReadClientText(rw io.ReadWriter) ([]byte, error)              { return nil, nil }
func WriteServerMessage(w io.Writer, op ws.OpCode, p []byte) error { return nil }
func WriteServerText(w io.Writer, p []byte) error                  { return nil }
func WriteClientText(w io.Writer, p []byte) error                  { return nil }

type Message struct {
	OpCode  ws.OpCode
	Payload []byte
}

func ReadClientMessage(r io.Reader, m []Message) ([]Message, error) { return nil, nil }

type Writer struct{ _ int }

func NewWriter(dest io.Writer, state ws.State, op ws.OpCode) *Writer { return nil }
func (w *Writer) Write(p []byte) (n int, err error)                  { return 0, nil }
func (w *Writer) Flush() error                                       { return nil }
