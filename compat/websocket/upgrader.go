package websocket

import (
	"bufio"
	"net"
	"net/http"
	"net/url"
	"sort"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/internal/wire"
)

// An Upgrader turns HTTP requests into WebSocket connections. Its methods may
// be called concurrently; its fields must not change meanwhile.
type Upgrader struct {
	// HandshakeTimeout bounds the time that writing the response may take.
	HandshakeTimeout time.Duration

	// ReadBufferSize and WriteBufferSize are the sizes of the connection's
	// buffers in bytes. With zero the connection keeps the buffers of the
	// HTTP server. They do not limit the size of messages.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool lends write buffers to connections for the time of one
	// message. Without it a connection keeps its buffer for life. One pool
	// must serve one WriteBufferSize only.
	WriteBufferPool BufferPool

	// Subprotocols lists what the server speaks, in order of preference: the
	// first one that the client offers in exactly the same spelling is
	// selected. If the field is nil, the response header given to Upgrade
	// decides.
	Subprotocols []string

	// Error writes the response to a request that is refused. If it is nil,
	// http.Error does, with the status text as body.
	Error func(w http.ResponseWriter, r *http.Request, status int, reason error)

	// CheckOrigin reports whether the request's Origin is welcome. If it is
	// nil, a request that has an Origin must have the host of its Host header
	// in it. A function that always returns true exposes users to cross-site
	// WebSocket hijacking.
	CheckOrigin func(r *http.Request) bool

	// EnableCompression accepts a client's offer of permessage-deflate
	// (RFC 7692), without context takeover in either direction.
	EnableCompression bool
}

// Upgrade answers the request's opening handshake and returns the connection.
//
// The fields of responseHeader are sent with the response, with control
// characters in values replaced by spaces. Sec-Websocket-Extensions is not
// allowed among them; Sec-Websocket-Protocol selects the subprotocol if
// Upgrader.Subprotocols is nil, and is ignored otherwise.
//
// If the request is refused, Upgrade has answered it and returns a
// HandshakeError.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (*Conn, error) {
	if status, reason := u.refusal(r, responseHeader); status != 0 {
		return u.refuse(w, r, status, reason)
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return u.refuse(w, r, http.StatusInternalServerError, "websocket: response does not implement http.Hijacker")
	}
	netConn, brw, err := hijacker.Hijack()
	if err != nil {
		return u.refuse(w, r, http.StatusInternalServerError, err.Error())
	}
	if brw.Reader.Buffered() > 0 {
		netConn.Close()
		return nil, errEarlyClientData
	}

	cfg := connConfig{
		netConn:         netConn,
		server:          true,
		readBufferSize:  u.ReadBufferSize,
		writeBufferSize: u.WriteBufferSize,
		writeBufferPool: u.WriteBufferPool,
		subprotocol:     u.selectSubprotocol(r, responseHeader),
		compress:        u.EnableCompression && namesDeflate(r.Header),
	}
	scratch := u.freeBuffers(&cfg, brw)
	response := appendResponse(scratch[:0], r, responseHeader, cfg.subprotocol, cfg.compress)
	if err := u.send(netConn, response); err != nil {
		netConn.Close()
		return nil, err
	}
	return newConnApart(cfg), nil
}

// newConnApart is newConn on a goroutine of its own. The handshake in memory
// goes deep, and the stack that it needs would stay with the goroutine of the
// handler, which often reads from the connection for the rest of its life.
func newConnApart(cfg connConfig) *Conn {
	var c *Conn
	var failure interface{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { failure = recover() }()
		c = newConn(cfg)
	}()
	<-done
	if failure != nil {
		panic(failure) // of an engine that this package was not written for
	}
	return c
}

// refusal returns the status and reason of a request that is not upgraded;
// the status is 0 for one that may be. The order of the checks is part of the
// contract: the first failure is what clients and logs see.
func (u *Upgrader) refusal(r *http.Request, responseHeader http.Header) (status int, reason string) {
	const noHandshake = "websocket: the client is not using the websocket protocol: "
	_, ownExtensions := responseHeader["Sec-Websocket-Extensions"]
	switch {
	case !hasToken(r.Header, "Connection", "upgrade"):
		return http.StatusBadRequest, noHandshake + "'upgrade' token not found in 'Connection' header"
	case !hasToken(r.Header, "Upgrade", "websocket"):
		return http.StatusBadRequest, noHandshake + "'websocket' token not found in 'Upgrade' header"
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, noHandshake + "request method is not GET"
	case !hasToken(r.Header, "Sec-Websocket-Version", protocolVersion):
		return http.StatusBadRequest, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"
	case ownExtensions:
		return http.StatusInternalServerError, "websocket: application specific 'Sec-WebSocket-Extensions' headers are unsupported"
	case !u.originAllowed(r):
		return http.StatusForbidden, "websocket: request origin not allowed by Upgrader.CheckOrigin"
	case !isChallengeKey(r.Header.Get("Sec-Websocket-Key")):
		return http.StatusBadRequest, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"
	}
	return 0, ""
}

// refuse answers the request and returns the reason as a HandshakeError.
func (u *Upgrader) refuse(w http.ResponseWriter, r *http.Request, status int, reason string) (*Conn, error) {
	err := HandshakeError{message: reason}
	if u.Error != nil {
		u.Error(w, r, status, err)
		return nil, err
	}
	w.Header().Set("Sec-Websocket-Version", protocolVersion)
	http.Error(w, http.StatusText(status), status)
	return nil, err
}

func (u *Upgrader) originAllowed(r *http.Request) bool {
	if u.CheckOrigin != nil {
		return u.CheckOrigin(r)
	}
	return sameOrigin(r)
}

// sameOrigin is the default of CheckOrigin. Only browsers send an Origin, so
// a request without one is no cross-site request.
func sameOrigin(r *http.Request) bool {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	origin, err := url.Parse(origins[0])
	return err == nil && equalFoldASCII(origin.Host, r.Host)
}

func (u *Upgrader) selectSubprotocol(r *http.Request, responseHeader http.Header) string {
	if u.Subprotocols == nil {
		return responseHeader.Get("Sec-Websocket-Protocol")
	}
	offered := Subprotocols(r)
	for _, spoken := range u.Subprotocols {
		for _, name := range offered {
			if name == spoken {
				return name
			}
		}
	}
	return ""
}

// minHijackedWriter is the size of the HTTP server's write buffer from which on
// messages are cut as if it were used. It holds the largest frame header, 14
// bytes, too.
const minHijackedWriter = 256 + 14

// freeBuffers empties the HTTP server's reader and writer, to which the server
// refers until the handler returns. It returns the writer's buffer. They may have
// sat on wrappers of the connection that count and interrupt reads.
func (u *Upgrader) freeBuffers(cfg *connConfig, brw *bufio.ReadWriter) (scratch []byte) {
	brw.Writer.Reset(cfg.netConn)
	scratch = brw.Writer.AvailableBuffer()
	scratch = scratch[:cap(scratch)]
	*brw.Reader = *bufio.NewReaderSize(cfg.netConn, 1)
	*brw.Writer = *bufio.NewWriterSize(cfg.netConn, 1)

	// A message that is written in pieces is cut as if they were gathered in the
	// writer's buffer, header included: that is where gorilla/websocket cuts it.
	if u.WriteBufferPool == nil && u.WriteBufferSize == 0 && len(scratch) >= minHijackedWriter {
		cfg.writeBufferSize = len(scratch) - wire.MaxHeader
	}
	return scratch
}

// appendResponse appends the response that switches protocols to b. The
// application's fields keep their spelling and come in sorted order.
func appendResponse(b []byte, r *http.Request, header http.Header, subprotocol string, compress bool) []byte {
	b = append(b, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	b = appendField(b, "Sec-WebSocket-Accept", acceptKey(r.Header.Get("Sec-Websocket-Key")))
	if subprotocol != "" {
		b = appendField(b, "Sec-WebSocket-Protocol", subprotocol)
	}
	if compress {
		b = appendField(b, "Sec-WebSocket-Extensions", noContextTakeover)
	}
	names := make([]string, 0, len(header))
	for name := range header {
		if name != "Sec-Websocket-Protocol" {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range header[name] {
			b = appendField(b, name, value)
		}
	}
	return append(b, "\r\n"...)
}

// appendField appends a header field. Control characters in the value become
// spaces, so that no value can end the field and start another one.
func appendField(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ": "...)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c < ' ' {
			c = ' '
		}
		b = append(b, c)
	}
	return append(b, "\r\n"...)
}

// send writes the response within the handshake timeout and leaves the
// connection without deadlines, also without those of the HTTP server.
func (u *Upgrader) send(conn net.Conn, response []byte) error {
	conn.SetDeadline(time.Time{})
	if u.HandshakeTimeout > 0 {
		conn.SetWriteDeadline(time.Now().Add(u.HandshakeTimeout))
	}
	if _, err := conn.Write(response); err != nil {
		return err
	}
	if u.HandshakeTimeout > 0 {
		conn.SetWriteDeadline(time.Time{})
	}
	return nil
}

// Upgrade answers an opening handshake without looking at the request's
// Origin, and without answering a request that it refuses: that is left to
// the caller. The buffer sizes are those of Upgrader; the response header
// selects the subprotocol.
//
// Deprecated: use Upgrader.
func Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header, readBufSize, writeBufSize int) (*Conn, error) {
	u := Upgrader{
		ReadBufferSize:  readBufSize,
		WriteBufferSize: writeBufSize,
		Error:           func(http.ResponseWriter, *http.Request, int, error) {},
		CheckOrigin:     func(*http.Request) bool { return true },
	}
	return u.Upgrade(w, r, responseHeader)
}
