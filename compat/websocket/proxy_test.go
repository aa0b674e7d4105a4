package websocket

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// splice copies in both directions until one of them ends.
func splice(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		io.Copy(a, b)
		a.Close()
		close(done)
	}()
	io.Copy(b, a)
	b.Close()
	<-done
}

// newConnectProxy is an HTTP proxy that tunnels to target, whatever it is
// asked for, and reports the CONNECT requests.
func newConnectProxy(t *testing.T, target string) (*url.URL, <-chan *http.Request) {
	t.Helper()
	requests := make(chan *http.Request, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		if r.Method != http.MethodConnect {
			return
		}
		server, err := net.Dial("tcp", target)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(http.StatusOK)
		client, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		splice(client, server)
	}))
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u, requests
}

func TestConnectProxy(t *testing.T) {
	for _, tt := range []struct {
		user *url.Userinfo
		want string
	}{
		{nil, ""},
		{url.User("name"), ""}, // no password, no credentials
		{url.UserPassword("name", ""), "Basic bmFtZTo="},
		{url.UserPassword("name", "pass:word"), "Basic bmFtZTpwYXNzOndvcmQ="},
	} {
		addr, served := answer(t, always(switching+"\r\n"))
		proxy, requests := newConnectProxy(t, addr)
		proxy.User = tt.user
		d := Dialer{Proxy: http.ProxyURL(proxy)}
		c, _, err := d.Dial("ws://example.org/path", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r := <-requests
		if r.Method != http.MethodConnect || r.Host != "example.org:80" || r.RequestURI != "example.org:80" {
			t.Errorf("the proxy got %s %s for %s", r.Method, r.RequestURI, r.Host)
		}
		if got := r.Header.Get("Proxy-Authorization"); got != tt.want {
			t.Errorf("user %v: Proxy-Authorization %q, want %q", tt.user, got, tt.want)
		}
		<-served
	}
}

func TestConnectProxyRefuses(t *testing.T) {
	for response, want := range map[string]string{
		"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n": "Proxy Authentication Required",
		"HTTP/1.1 204 No Content\r\n\r\n":                                         "No Content",
		"HTTP/1.1 502\r\nContent-Length: 0\r\n\r\n":                               "502",
		"nonsense\r\n\r\n": `malformed HTTP response "nonsense"`,
	} {
		addr, _ := answer(t, always(response))
		d := Dialer{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: addr})}
		c, resp, err := d.Dial("ws://example.org", nil)
		if c != nil || resp != nil || err == nil || err.Error() != want {
			t.Errorf("after %q: %v, %v, %v, want %q", response, c, resp, err, want)
		}
	}
}

func TestProxyFunc(t *testing.T) {
	refused := errors.New("refused")
	tests := []struct {
		name string
		url  *url.URL
		err  error
		want string
	}{
		{"error", nil, refused, "refused"},
		{"scheme", &url.URL{Scheme: "https", Host: "p"}, nil, "proxy: unknown scheme: https"},
		{"no proxy", nil, nil, "dialed example.org:443"},
		{"default port", &url.URL{Scheme: "http", Host: "p"}, nil, "dialed p:80"},
		{"port", &url.URL{Scheme: "http", Host: "p:3128"}, nil, "dialed p:3128"},
		{"socks", &url.URL{Scheme: "socks5", Host: "p:1080"}, nil, "dialed p:1080"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Dialer{
				NetDial: func(_, addr string) (net.Conn, error) { return nil, errors.New("dialed " + addr) },
				Proxy: func(r *http.Request) (*url.URL, error) {
					if r.URL.String() != "https://example.org/p" || r.Header.Get("Origin") != "o" {
						t.Errorf("Proxy is asked about %s with %v", r.URL, r.Header)
					}
					return tt.url, tt.err
				},
			}
			if _, _, err := d.Dial("wss://example.org/p", http.Header{"Origin": {"o"}}); err == nil || err.Error() != tt.want {
				t.Errorf("Dial: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestProxyDeadline(t *testing.T) {
	// The deadline lies on the connection before the proxy is spoken to.
	conn := &scriptConn{writeErr: io.ErrClosedPipe}
	d := Dialer{
		HandshakeTimeout: DefaultDialer.HandshakeTimeout,
		NetDial:          func(string, string) (net.Conn, error) { return conn, nil },
		Proxy:            http.ProxyURL(&url.URL{Scheme: "http", Host: "p"}),
	}
	if _, _, err := d.Dial("ws://example.org", nil); err != io.ErrClosedPipe {
		t.Errorf("Dial: %v", err)
	}
	if len(conn.calls) != 3 || conn.calls[0] != "deadline" || conn.calls[1] != "write" || conn.calls[2] != "close" {
		t.Errorf("calls: %q", conn.calls)
	}
}

func TestTunnelReaderHoldsNothing(t *testing.T) {
	// What the target sends after the tunnel is there must reach the client.
	client, proxy := net.Pipe()
	defer client.Close()
	go func() {
		http.ReadRequest(bufio.NewReader(proxy))
		io.WriteString(proxy, "HTTP/1.1 200 OK\r\n\r\n")
		io.WriteString(proxy, "target")
		proxy.Close()
	}()
	if err := connectTunnel(client, "example.org:80", nil); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(client); string(rest) != "target" || err != nil {
		t.Errorf("read %q, %v", rest, err)
	}
}
