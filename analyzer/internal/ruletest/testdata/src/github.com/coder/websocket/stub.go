// Package websocket declares the part of the library's API that the rules'
// test cases use, with the real signatures.
package websocket

import (
	"context"
	"io"
	"net"
	"net/http"
)

type MessageType int

const (
	MessageText MessageType = iota + 1
	MessageBinary
)

type StatusCode int

const StatusNormalClosure StatusCode = 1000

type Conn struct{ _ int }

func (c *Conn) Write(ctx context.Context, typ MessageType, p []byte) error          { return nil }
func (c *Conn) Writer(ctx context.Context, typ MessageType) (io.WriteCloser, error) { return nil, nil }
func (c *Conn) Read(ctx context.Context) (MessageType, []byte, error)               { return 0, nil, nil }
func (c *Conn) Reader(ctx context.Context) (MessageType, io.Reader, error)          { return 0, nil, nil }
func (c *Conn) CloseRead(ctx context.Context) context.Context                       { return nil }
func (c *Conn) Ping(ctx context.Context) error                                      { return nil }
func (c *Conn) SetReadLimit(n int64)                                                {}
func (c *Conn) Close(code StatusCode, reason string) error                          { return nil }
func (c *Conn) CloseNow() error                                                     { return nil }

func CloseStatus(err error) StatusCode { return -1 }

type AcceptOptions struct {
	Subprotocols       []string
	InsecureSkipVerify bool
	OriginPatterns     []string
}

func Accept(w http.ResponseWriter, r *http.Request, opts *AcceptOptions) (*Conn, error) {
	return nil, nil
}

type DialOptions struct{ Subprotocols []string }

func Dial(ctx context.Context, u string, opts *DialOptions) (*Conn, *http.Response, error) {
	return nil, nil, nil
}

func NetConn(ctx context.Context, c *Conn, msgType MessageType) net.Conn { return nil }
