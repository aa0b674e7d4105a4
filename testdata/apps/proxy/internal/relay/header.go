package relay

import (
	"net"
	"net/http"
	"strings"
)

// dropped are the request headers that belong to the client's own handshake,
// or to the hop between it and us. Origin is among them because our own
// upgrade checks it, and the backend knows itself by another name.
var dropped = map[string]bool{
	"Connection":          true,
	"Keep-Alive":          true,
	"Origin":              true,
	"Proxy-Authorization": true,
	"Proxy-Connection":    true,
	"Te":                  true,
	"Trailer":             true,
	"Transfer-Encoding":   true,
	"Upgrade":             true,
}

// forwardHeader is what the backend gets of the request's header.
func forwardHeader(r *http.Request) http.Header {
	h := http.Header{}
	for key, values := range r.Header {
		if dropped[key] || strings.HasPrefix(key, "Sec-Websocket-") {
			continue
		}
		h[key] = append([]string(nil), values...)
	}

	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		if before := h.Get("X-Forwarded-For"); before != "" {
			host = before + ", " + host
		}
		h.Set("X-Forwarded-For", host)
	}
	h.Set("X-Forwarded-Host", r.Host)
	proto := "http"
	if r.TLS != nil {
		proto = "https"
	}
	h.Set("X-Forwarded-Proto", proto)
	return h
}

// answerHeader is what the client gets of the backend's handshake response.
func answerHeader(resp *http.Response) http.Header {
	h := http.Header{}
	if cookies := resp.Header.Values("Set-Cookie"); len(cookies) > 0 {
		h["Set-Cookie"] = cookies
	}
	return h
}
