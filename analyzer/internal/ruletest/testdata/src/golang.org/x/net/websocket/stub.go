// Package websocket declares the part of x/net's API that the rules' test
// cases use, with the real signatures.
package websocket

import (
	"io"
	"net/http"
	"net/url"
	"time"
)

type Config struct {
	Location, Origin *url.URL
	Protocol         []string
}

const (
	BinaryFrame = 2
	PingFrame   = 9
)

type frameWriter interface{ io.WriteCloser }

type frameWriterFactory interface {
	NewFrameWriter(payloadType byte) (w frameWriter, err error)
}

type Conn struct{ frameWriterFactory }

func (ws *Conn) Write(msg []byte) (n int, err error) { return 0, nil }
func (ws *Conn) Read(msg []byte) (n int, err error)  { return 0, nil }
func (ws *Conn) Close() error                        { return nil }
func (ws *Conn) SetDeadline(t time.Time) error       { return nil }
func (ws *Conn) SetReadDeadline(t time.Time) error   { return nil }
func (ws *Conn) SetWriteDeadline(t time.Time) error  { return nil }
func (ws *Conn) Config() *Config                     { return nil }

type Codec struct {
	Marshal   func(v interface{}) (data []byte, payloadType byte, err error)
	Unmarshal func(data []byte, payloadType byte, v interface{}) (err error)
}

func (cd Codec) Send(ws *Conn, v interface{}) (err error)    { return nil }
func (cd Codec) Receive(ws *Conn, v interface{}) (err error) { return nil }

var JSON = Codec{}

type Handler func(*Conn)

func (h Handler) ServeHTTP(w http.ResponseWriter, req *http.Request) {}

type Server struct {
	Config
	Handshake func(*Config, *http.Request) error
	Handler
}

func (s Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {}

func Origin(config *Config, req *http.Request) (*url.URL, error) { return nil, nil }

func Dial(url_, protocol, origin string) (ws *Conn, err error) { return nil, nil }
