package websocket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sort"
	"strings"
)

// newRequest returns the client's opening handshake with the given key.
func (d *Dialer) newRequest(ctx context.Context, key, urlStr string, requestHeader http.Header) (*http.Request, error) {
	u, err := handshakeURL(urlStr)
	if err != nil {
		return nil, err
	}
	req := (&http.Request{
		Method:     http.MethodGet,
		URL:        u,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     make(http.Header),
		Host:       u.Host,
	}).WithContext(ctx)

	if d.Jar != nil {
		for _, cookie := range d.Jar.Cookies(u) {
			req.AddCookie(cookie)
		}
	}
	// The spelling is that of RFC 6455 and not http.Header's: some servers
	// compare names byte by byte.
	req.Header["Upgrade"] = []string{"websocket"}
	req.Header["Connection"] = []string{"Upgrade"}
	req.Header["Sec-WebSocket-Key"] = []string{key}
	req.Header["Sec-WebSocket-Version"] = []string{protocolVersion}
	if len(d.Subprotocols) > 0 {
		req.Header["Sec-WebSocket-Protocol"] = []string{strings.Join(d.Subprotocols, ", ")}
	}
	if err := d.addHeader(req, requestHeader); err != nil {
		return nil, err
	}
	if d.EnableCompression {
		req.Header["Sec-WebSocket-Extensions"] = []string{noContextTakeover}
	}
	return req, nil
}

// handshakeURL parses a ws or wss URL and returns it as the http or https URL
// that net/http wants.
func handshakeURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	default:
		return nil, errMalformedURL
	}
	if u.User != nil {
		return nil, errMalformedURL
	}
	return u, nil
}

// addHeader adds the application's fields to the request, in the spelling
// they have.
func (d *Dialer) addHeader(req *http.Request, header http.Header) error {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names) // of two duplicates, the error always names the same one
	for _, name := range names {
		values := header[name]
		switch name {
		case "Host":
			if len(values) > 0 {
				req.Host = values[0]
			}
		case "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions":
			return errDuplicateHeader(name)
		case "Sec-Websocket-Protocol":
			if len(d.Subprotocols) > 0 {
				return errDuplicateHeader(name)
			}
			req.Header["Sec-WebSocket-Protocol"] = values
		default:
			req.Header[name] = values
		}
	}
	return nil
}

func errDuplicateHeader(name string) error {
	return errors.New("websocket: duplicate header not allowed: " + name)
}

// exchange sends the request and checks the response, which is returned with
// the error if it is the response that is at fault.
func (d *Dialer) exchange(conn net.Conn, br *bufio.Reader, req *http.Request, key string) (*http.Response, error) {
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.GotFirstResponseByte != nil {
		if _, err := br.Peek(1); err == nil {
			trace.GotFirstResponseByte()
		}
	}
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return nil, d.explain(err)
	}
	if d.Jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			d.Jar.SetCookies(req.URL, cookies)
		}
	}
	if !switchesProtocols(resp, key) {
		// The connection is closed before the caller can read the body.
		var start bytes.Buffer
		io.CopyN(&start, resp.Body, 1024)
		resp.Body = io.NopCloser(&start)
		return resp, ErrBadHandshake
	}
	for _, ext := range parseExtensions(resp.Header) {
		if ext.name != deflateExtension {
			continue // a server that uses what was not offered is let in
		}
		if !ext.has("server_no_context_takeover") || !ext.has("client_no_context_takeover") {
			return resp, errInvalidCompression
		}
		break
	}
	resp.Body = http.NoBody
	return resp, nil
}

// switchesProtocols reports whether the response accepts the handshake of key.
func switchesProtocols(resp *http.Response, key string) bool {
	return resp.StatusCode == http.StatusSwitchingProtocols &&
		namesWebSocket(resp.Header) &&
		resp.Header.Get("Sec-Websocket-Accept") == acceptKey(key)
}

// explain names the likely cause of an unreadable response: a server that
// negotiated HTTP/2 because the configuration asked for it.
func (d *Dialer) explain(err error) error {
	if d.TLSClientConfig == nil {
		return err
	}
	for _, proto := range d.TLSClientConfig.NextProtos {
		if proto != "http/1.1" {
			return fmt.Errorf("websocket: protocol %q was given but is not supported;"+
				"sharing tls.Config with net/http Transport can cause this error: %w", proto, err)
		}
	}
	return err
}
