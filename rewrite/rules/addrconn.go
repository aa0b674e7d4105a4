package rules

const addrConnHelper = `
// An addrConn is a connection that knows the network connection below it.
type addrConn struct {
	*websocket.Conn
	netConn net.Conn
}

// LocalAddr returns the address of this end.
func (c *addrConn) LocalAddr() net.Addr { return c.netConn.LocalAddr() }

// RemoteAddr returns the address of the other end.
func (c *addrConn) RemoteAddr() net.Addr { return c.netConn.RemoteAddr() }
`

const addrConnNetHelper = `
// NetConn returns the network connection.
func (c *addrConn) NetConn() net.Conn { return c.netConn }
`

const addrConnUnderlyingHelper = `
// UnderlyingConn returns the network connection.
func (c *addrConn) UnderlyingConn() net.Conn { return c.netConn }
`

const acceptAddrConnHelper = `
// acceptAddrConn accepts a connection.
func acceptAddrConn(w http.ResponseWriter, r *http.Request, opts *websocket.AcceptOptions) (*addrConn, error) {
	return addrConnBy(w, func(w http.ResponseWriter) (*websocket.Conn, error) { return websocket.Accept(w, r, opts) })
}
`

const addrConnByHelper = `
// addrConnBy returns the connection that accept makes of w.
func addrConnBy(w http.ResponseWriter, accept func(w http.ResponseWriter) (*websocket.Conn, error)) (*addrConn, error) {
	h := &hijackedWriter{ResponseWriter: w}
	c, err := accept(h)
	if err != nil {
		return nil, err
	}
	return &addrConn{c, h.netConn}, nil
}

// A hijackedWriter remembers the connection that is taken over from it.
type hijackedWriter struct {
	http.ResponseWriter
	netConn net.Conn
}

// Hijack takes the connection over.
func (h *hijackedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w, ok := h.ResponseWriter.(http.Hijacker)
	if !ok {
		return nil, nil, errors.New("the connection cannot be taken over")
	}
	c, rw, err := w.Hijack()
	h.netConn = c
	return c, rw, err
}

// WriteHeaderNow sends the header where the server holds it back.
func (h *hijackedWriter) WriteHeaderNow() {
	if w, ok := h.ResponseWriter.(interface{ WriteHeaderNow() }); ok {
		w.WriteHeaderNow()
	}
}
`

const dialAddrConnHelper = `
// dialAddrConn opens a connection.
func dialAddrConn(ctx context.Context, url string, opts *websocket.DialOptions) (*addrConn, *http.Response, error) {
	var nc net.Conn
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { nc = info.Conn }})
	c, resp, err := websocket.Dial(ctx, url, opts)
	if err != nil {
		return nil, resp, err
	}
	return &addrConn{c, nc}, resp, nil
}
`

const acceptedAddrConnHelper = `
// acceptedAddrConn gives a connection that was accepted its deadlines.
func acceptedAddrConn(c *addrConn, err error) (*deadlineAddrConn, error) {
	if err != nil {
		return nil, err
	}
	return &deadlineAddrConn{addrConn: c}, nil
}
`

const dialledAddrConnHelper = `
// dialledAddrConn gives a connection that was dialled its deadlines.
func dialledAddrConn(c *addrConn, resp *http.Response, err error) (*deadlineAddrConn, *http.Response, error) {
	if err != nil {
		return nil, resp, err
	}
	return &deadlineAddrConn{addrConn: c}, resp, nil
}
`
