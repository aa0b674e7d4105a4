// Package websocket declares the part of gorilla's API that the rules' test
// cases use, with the real signatures.
package websocket

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	TextMessage   = 1
	BinaryMessage = 2
	CloseMessage  = 8
	PingMessage   = 9
	PongMessage   = 10
)

const (
	CloseNormalClosure   = 1000
	CloseGoingAway       = 1001
	CloseAbnormalClosure = 1006
)

type Conn struct{ _ int }

func (c *Conn) WriteMessage(messageType int, data []byte) error                     { return nil }
func (c *Conn) WriteJSON(v interface{}) error                                       { return nil }
func (c *Conn) WritePreparedMessage(pm *PreparedMessage) error                      { return nil }
func (c *Conn) NextWriter(messageType int) (io.WriteCloser, error)                  { return nil, nil }
func (c *Conn) SetWriteDeadline(t time.Time) error                                  { return nil }
func (c *Conn) EnableWriteCompression(enable bool)                                  {}
func (c *Conn) WriteControl(messageType int, data []byte, deadline time.Time) error { return nil }
func (c *Conn) ReadMessage() (messageType int, p []byte, err error)                 { return 0, nil, nil }
func (c *Conn) ReadJSON(v interface{}) error                                        { return nil }
func (c *Conn) NextReader() (messageType int, r io.Reader, err error)               { return 0, nil, nil }
func (c *Conn) SetReadDeadline(t time.Time) error                                   { return nil }
func (c *Conn) SetReadLimit(limit int64)                                            {}
func (c *Conn) SetPingHandler(h func(appData string) error)                         {}
func (c *Conn) SetPongHandler(h func(appData string) error)                         {}
func (c *Conn) SetCloseHandler(h func(code int, text string) error)                 {}
func (c *Conn) Close() error                                                        { return nil }
func (c *Conn) NetConn() net.Conn                                                   { return nil }
func (c *Conn) Subprotocol() string                                                 { return "" }

type PreparedMessage struct{ _ int }

func NewPreparedMessage(messageType int, data []byte) (*PreparedMessage, error) { return nil, nil }
func WriteJSON(c *Conn, v interface{}) error                                    { return nil }
func FormatCloseMessage(closeCode int, text string) []byte                      { return nil }

type CloseError struct {
	Code int
	Text string
}

func (e *CloseError) Error() string                               { return "" }
func IsCloseError(err error, codes ...int) bool                   { return false }
func IsUnexpectedCloseError(err error, expectedCodes ...int) bool { return false }

type Upgrader struct {
	HandshakeTimeout                time.Duration
	ReadBufferSize, WriteBufferSize int
	Subprotocols                    []string
	Error                           func(w http.ResponseWriter, r *http.Request, status int, reason error)
	CheckOrigin                     func(r *http.Request) bool
	EnableCompression               bool
}

func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (*Conn, error) {
	return nil, nil
}

func Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header, readBufSize, writeBufSize int) (*Conn, error) {
	return nil, nil
}

type Dialer struct {
	HandshakeTimeout time.Duration
	TLSClientConfig  *tls.Config
	Subprotocols     []string
}

var DefaultDialer = &Dialer{}

func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return nil, nil, nil
}

func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return nil, nil, nil
}
