package conformance

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	_ "github.com/wsmigrate/wsmigrate/compat/coder" // the engine, unless WSMIGRATE_ENGINE says otherwise
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// wsConn is what connections of both libraries have in common: all methods
// but those that name a type of their package.
type wsConn interface {
	Close() error
	CloseHandler() func(code int, text string) error
	EnableWriteCompression(enable bool)
	LocalAddr() net.Addr
	NetConn() net.Conn
	NextReader() (int, io.Reader, error)
	NextWriter(messageType int) (io.WriteCloser, error)
	PingHandler() func(string) error
	PongHandler() func(string) error
	ReadJSON(v interface{}) error
	ReadMessage() (int, []byte, error)
	RemoteAddr() net.Addr
	SetCloseHandler(h func(code int, text string) error)
	SetCompressionLevel(level int) error
	SetPingHandler(h func(string) error)
	SetPongHandler(h func(string) error)
	SetReadDeadline(t time.Time) error
	SetReadLimit(limit int64)
	SetWriteDeadline(t time.Time) error
	Subprotocol() string
	UnderlyingConn() net.Conn
	WriteControl(messageType int, data []byte, deadline time.Time) error
	WriteJSON(v interface{}) error
	WriteMessage(messageType int, data []byte) error
}

// bufferPool is the BufferPool of both libraries.
type bufferPool interface {
	Get() interface{}
	Put(interface{})
}

// options are the fields that an Upgrader and a Dialer may need in a
// scenario.
type options struct {
	readBuffer, writeBuffer int
	pool                    bufferPool
	subprotocols            []string
	compress                bool

	// of an Upgrader
	responseHeader http.Header
	checkOrigin    func(*http.Request) bool
	onError        func(w http.ResponseWriter, r *http.Request, status int, reason error)

	// of a Dialer
	requestHeader http.Header
	proxy         func(*http.Request) (*url.URL, error)
	jar           http.CookieJar
	timeout       time.Duration // of an Upgrader too
	tls           *tls.Config
	dialContext   func(ctx context.Context, network, addr string) (net.Conn, error)
	dialTLS       func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A library is one of the two implementations to compare.
type library struct {
	name    string
	upgrade func(w http.ResponseWriter, r *http.Request, o options) (wsConn, error)
	dial    func(ctx context.Context, o options, url string, netDial func(network, addr string) (net.Conn, error)) (wsConn, *http.Response, error)
	prepare func(messageType int, data []byte) (send func(wsConn) error, err error)
	join    func(c wsConn, term string) io.Reader

	closeError  func(error) (code int, text string, ok bool)
	isHandshake func(error) bool
	errors      map[error]string // the exported values
}

var gorilla = &library{
	name: "gorilla",
	upgrade: func(w http.ResponseWriter, r *http.Request, o options) (wsConn, error) {
		u := websocket.Upgrader{
			HandshakeTimeout: o.timeout, ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, WriteBufferPool: o.pool,
			Subprotocols: o.subprotocols, EnableCompression: o.compress, CheckOrigin: o.checkOrigin, Error: o.onError,
		}
		c, err := u.Upgrade(w, r, o.responseHeader)
		if c == nil {
			return nil, err
		}
		return c, err
	},
	dial: func(ctx context.Context, o options, url string, netDial func(network, addr string) (net.Conn, error)) (wsConn, *http.Response, error) {
		d := websocket.Dialer{
			HandshakeTimeout: o.timeout, ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, WriteBufferPool: o.pool,
			Subprotocols: o.subprotocols, EnableCompression: o.compress, Proxy: o.proxy, Jar: o.jar, NetDial: netDial,
			NetDialContext: o.dialContext, NetDialTLSContext: o.dialTLS, TLSClientConfig: o.tls,
		}
		c, resp, err := d.DialContext(ctx, url, o.requestHeader)
		if c == nil {
			return nil, resp, err
		}
		return c, resp, err
	},
	prepare: func(messageType int, data []byte) (func(wsConn) error, error) {
		pm, err := websocket.NewPreparedMessage(messageType, data)
		return func(c wsConn) error { return c.(*websocket.Conn).WritePreparedMessage(pm) }, err
	},
	join: func(c wsConn, term string) io.Reader { return websocket.JoinMessages(c.(*websocket.Conn), term) },
	closeError: func(err error) (int, string, bool) {
		if e, ok := err.(*websocket.CloseError); ok {
			return e.Code, e.Text, true
		}
		return 0, "", false
	},
	isHandshake: func(err error) bool { _, ok := err.(websocket.HandshakeError); return ok },
	errors: map[error]string{
		websocket.ErrBadHandshake: "ErrBadHandshake",
		websocket.ErrCloseSent:    "ErrCloseSent",
		websocket.ErrReadLimit:    "ErrReadLimit",
	},
}

var shim = &library{
	name: "compat",
	upgrade: func(w http.ResponseWriter, r *http.Request, o options) (wsConn, error) {
		u := compat.Upgrader{
			HandshakeTimeout: o.timeout, ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, WriteBufferPool: o.pool,
			Subprotocols: o.subprotocols, EnableCompression: o.compress, CheckOrigin: o.checkOrigin, Error: o.onError,
		}
		c, err := u.Upgrade(w, r, o.responseHeader)
		if c == nil {
			return nil, err
		}
		return c, err
	},
	dial: func(ctx context.Context, o options, url string, netDial func(network, addr string) (net.Conn, error)) (wsConn, *http.Response, error) {
		d := compat.Dialer{
			HandshakeTimeout: o.timeout, ReadBufferSize: o.readBuffer, WriteBufferSize: o.writeBuffer, WriteBufferPool: o.pool,
			Subprotocols: o.subprotocols, EnableCompression: o.compress, Proxy: o.proxy, Jar: o.jar, NetDial: netDial,
			NetDialContext: o.dialContext, NetDialTLSContext: o.dialTLS, TLSClientConfig: o.tls,
		}
		c, resp, err := d.DialContext(ctx, url, o.requestHeader)
		if c == nil {
			return nil, resp, err
		}
		return c, resp, err
	},
	prepare: func(messageType int, data []byte) (func(wsConn) error, error) {
		pm, err := compat.NewPreparedMessage(messageType, data)
		return func(c wsConn) error { return c.(*compat.Conn).WritePreparedMessage(pm) }, err
	},
	join: func(c wsConn, term string) io.Reader { return compat.JoinMessages(c.(*compat.Conn), term) },
	closeError: func(err error) (int, string, bool) {
		if e, ok := err.(*compat.CloseError); ok {
			return e.Code, e.Text, true
		}
		return 0, "", false
	},
	isHandshake: func(err error) bool { _, ok := err.(compat.HandshakeError); return ok },
	errors: map[error]string{
		compat.ErrBadHandshake: "ErrBadHandshake",
		compat.ErrCloseSent:    "ErrCloseSent",
		compat.ErrReadLimit:    "ErrReadLimit",
	},
}

// acceptOn does a server's handshake on conn, which only sees what comes
// after it.
func (l *library) acceptOn(conn *scriptConn, o options) (wsConn, error) {
	conn.beginHandshake()
	c, err := l.upgrade(scriptHijacker{httptest.NewRecorder(), conn}, handshakeRequest(o), o)
	conn.endHandshake()
	return c, err
}

// dialOn does a client's handshake on conn, which only sees what comes after
// it.
func (l *library) dialOn(conn *scriptConn, o options) (wsConn, error) {
	conn.beginHandshake()
	c, _, err := l.dial(context.Background(), o, "ws://server.test/", func(string, string) (net.Conn, error) { return conn, nil })
	conn.endHandshake()
	return c, err
}
