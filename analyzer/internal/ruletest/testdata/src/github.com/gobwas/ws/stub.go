// Package ws declares the part of gobwas's API that the rules' test cases
// use, with the real signatures.
package ws

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"time"
)

type OpCode byte

const (
	OpText   OpCode = 0x1
	OpBinary OpCode = 0x2
	OpPing   OpCode = 0x9
)

type State uint8

const StateServerSide State = 0x1

type Frame struct{ Payload []byte }

type HandshakeHeader interface {
	io.WriterTo
}

type Handshake struct{ Protocol string }

type Upgrader struct {
	ReadBufferSize, WriteBufferSize int
	OnRequest                       func(uri []byte) error
	OnHost                          func(host []byte) error
	OnHeader                        func(key, value []byte) error
	OnBeforeUpgrade                 func() (header HandshakeHeader, err error)
}

func (u Upgrader) Upgrade(conn io.ReadWriter) (hs Handshake, err error) { return }

type HTTPUpgrader struct {
	Timeout time.Duration
	Header  http.Header
}

func (u HTTPUpgrader) Upgrade(r *http.Request, w http.ResponseWriter) (conn net.Conn, rw *bufio.ReadWriter, hs Handshake, err error) {
	return
}

var DefaultUpgrader Upgrader

func Upgrade(conn io.ReadWriter) (Handshake, error) { return Handshake{}, nil }

func UpgradeHTTP(r *http.Request, w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, Handshake, error) {
	return nil, nil, Handshake{}, nil
}

func NewTextFrame(p []byte) Frame           { return Frame{} }
func WriteFrame(w io.Writer, f Frame) error { return nil }
func RejectConnectionError(options ...RejectOption) error {
	return nil
}

type RejectOption func(*ConnectionRejectedError)

type ConnectionRejectedError struct{ _ int }

func Dial(ctx context.Context, urlstr string) (net.Conn, *bufio.Reader, Handshake, error) {
	return nil, nil, Handshake{}, nil
}
