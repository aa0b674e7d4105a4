package websocket

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"
)

// A Dialer connects to WebSocket servers. Its methods may be called
// concurrently; its fields must not change meanwhile. A nil Dialer is used as
// DefaultDialer's initial value.
type Dialer struct {
	// NetDial opens TCP connections. If it is nil, net.Dialer does.
	NetDial func(network, addr string) (net.Conn, error)

	// NetDialContext opens TCP connections and is preferred to NetDial.
	NetDialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// NetDialTLSContext opens the connections for wss URLs and completes the
	// TLS handshake on them: TLSClientConfig is not used then. If it is nil,
	// the functions above are used and TLSClientConfig is.
	NetDialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy returns the proxy for a request, or nil for none. The schemes
	// http and socks5 are supported; ws URLs go through CONNECT too. An error
	// ends Dial.
	Proxy func(*http.Request) (*url.URL, error)

	// TLSClientConfig configures TLS for wss URLs. It must not ask for ALPN
	// protocols other than http/1.1.
	TLSClientConfig *tls.Config

	// HandshakeTimeout bounds the time from dialing to the end of the opening
	// handshake.
	HandshakeTimeout time.Duration

	// ReadBufferSize and WriteBufferSize are the sizes of the connection's
	// buffers in bytes; zero stands for 4096. They do not limit the size of
	// messages.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool lends write buffers to connections for the time of one
	// message. Without it a connection keeps its buffer for life. One pool
	// must serve one WriteBufferSize only.
	WriteBufferPool BufferPool

	// Subprotocols lists the subprotocols to offer, in order of preference.
	Subprotocols []string

	// EnableCompression offers permessage-deflate (RFC 7692), without context
	// takeover in either direction.
	EnableCompression bool

	// Jar supplies cookies for the request and takes those of the response.
	// If it is nil, cookies are sent only if the request header has them.
	Jar http.CookieJar
}

// DefaultDialer is a Dialer that takes its proxy from the environment and
// allows 45 seconds for the handshake.
var DefaultDialer = newDefaultDialer()

func newDefaultDialer() *Dialer {
	return &Dialer{
		Proxy:            http.ProxyFromEnvironment,
		HandshakeTimeout: 45 * time.Second,
	}
}

// Dial is DialContext with the background context.
func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return d.DialContext(context.Background(), urlStr, requestHeader)
}

// DialContext connects to a ws or wss URL. requestHeader may add fields to
// the request, among them Origin, Cookie and Host, and Sec-Websocket-Protocol
// if Dialer.Subprotocols is empty; the other fields of the handshake are not
// allowed. Redirects are not followed.
//
// The context ends dialing and the TLS handshake; its deadline also bounds
// the rest of the handshake. It has no meaning for the connection returned.
//
// If the server answers without switching protocols, the error is
// ErrBadHandshake and the response is not nil; its body holds at most the
// first 1024 bytes. The response's body never needs closing.
func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	if d == nil {
		d = newDefaultDialer()
	}
	key, err := newChallengeKey()
	if err != nil {
		return nil, nil, err
	}
	req, err := d.newRequest(ctx, key, urlStr, requestHeader)
	if err != nil {
		return nil, nil, err
	}
	if d.HandshakeTimeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.HandshakeTimeout)
		defer cancel()
	}
	netConn, err := d.connect(ctx, req)
	if err != nil {
		return nil, nil, err
	}
	ahead := &readAhead{conn: netConn}
	br := bufio.NewReaderSize(ahead, dialReaderSize(d.ReadBufferSize))
	resp, err := d.exchange(netConn, br, req, key)
	if err != nil {
		netConn.Close()
		return nil, resp, err
	}
	netConn.SetDeadline(time.Time{})
	return newConn(connConfig{
		netConn:         netConn,
		ahead:           ahead,
		br:              br,
		readBufferSize:  d.ReadBufferSize,
		writeBufferSize: d.WriteBufferSize,
		writeBufferPool: d.WriteBufferPool,
		subprotocol:     resp.Header.Get("Sec-Websocket-Protocol"),
		compress:        namesDeflate(resp.Header),
	}), resp, nil
}

// dialReaderSize is the size of the reader that starts with the server's
// response: a control frame's payload has to fit.
func dialReaderSize(size int) int {
	const maxControlPayload = 125
	switch {
	case size == 0:
		return 4096
	case size < maxControlPayload:
		return maxControlPayload
	}
	return size
}

// connect opens the connection that the request is to be sent on: through
// the proxy, and with TLS where the scheme wants it.
func (d *Dialer) connect(ctx context.Context, req *http.Request) (net.Conn, error) {
	dial := d.dialFunc(ctx, req.URL.Scheme)
	if d.Proxy != nil {
		proxy, err := d.Proxy(req)
		if err != nil {
			return nil, err
		}
		if proxy != nil {
			if dial, err = throughProxy(proxy, dial); err != nil {
				return nil, err
			}
		}
	}

	trace := httptrace.ContextClientTrace(ctx)
	addr, host := dialAddr(req.URL)
	if trace != nil && trace.GetConn != nil {
		trace.GetConn(addr)
	}
	conn, err := dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	if trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Conn: conn})
	}
	if req.URL.Scheme != "https" || d.NetDialTLSContext != nil {
		return conn, nil
	}
	return d.startTLS(ctx, conn, host, trace)
}

// dialFunc returns the function that opens connections for URLs of the
// scheme. Where the context has a deadline, the connections have it too.
func (d *Dialer) dialFunc(ctx context.Context, scheme string) dialFunc {
	dial := func(network, addr string) (net.Conn, error) {
		switch {
		case scheme == "https" && d.NetDialTLSContext != nil:
			return d.NetDialTLSContext(ctx, network, addr)
		case d.NetDialContext != nil:
			return d.NetDialContext(ctx, network, addr)
		case d.NetDial != nil:
			return d.NetDial(network, addr)
		}
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return dial
	}
	return func(network, addr string) (net.Conn, error) {
		conn, err := dial(network, addr)
		if err != nil {
			return nil, err
		}
		if err := conn.SetDeadline(deadline); err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	}
}

// startTLS completes a TLS handshake on conn, and closes it if that fails.
func (d *Dialer) startTLS(ctx context.Context, conn net.Conn, host string, trace *httptrace.ClientTrace) (net.Conn, error) {
	cfg := &tls.Config{}
	if d.TLSClientConfig != nil {
		cfg = d.TLSClientConfig.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	tlsConn := tls.Client(conn, cfg)
	if trace != nil && trace.TLSHandshakeStart != nil {
		trace.TLSHandshakeStart()
	}
	err := tlsConn.HandshakeContext(ctx)
	if err == nil && !cfg.InsecureSkipVerify {
		err = tlsConn.VerifyHostname(cfg.ServerName)
	}
	if trace != nil && trace.TLSHandshakeDone != nil {
		trace.TLSHandshakeDone(tlsConn.ConnectionState(), err)
	}
	if err != nil {
		tlsConn.Close()
		return nil, err
	}
	return tlsConn, nil
}

// dialAddr returns the address to dial for an http or https URL, with the
// scheme's port if the URL has none, and its host without a port. The
// brackets of an IPv6 address stay in both.
func dialAddr(u *url.URL) (addr, host string) {
	colon := strings.LastIndexByte(u.Host, ':')
	switch {
	case colon > strings.LastIndexByte(u.Host, ']'):
		return u.Host, u.Host[:colon]
	case u.Scheme == "https":
		return u.Host + ":443", u.Host
	}
	return u.Host + ":80", u.Host
}

// NewClient does the opening handshake for the URL on a connection that is
// already there. The buffer sizes are those of Dialer; the header and the
// response are those of DialContext.
//
// Deprecated: use Dialer.
func NewClient(netConn net.Conn, u *url.URL, requestHeader http.Header, readBufSize, writeBufSize int) (c *Conn, response *http.Response, err error) {
	d := Dialer{
		ReadBufferSize:  readBufSize,
		WriteBufferSize: writeBufSize,
		NetDial:         func(string, string) (net.Conn, error) { return netConn, nil },
	}
	return d.Dial(u.String(), requestHeader)
}
