package conformance

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"testing"
)

// proxyScenarios are about Dialer.Proxy.
func proxyScenarios() []netScenario {
	answers := map[string]string{
		"established":      "HTTP/1.1 200 Connection established\r\n\r\n",
		"status 201":       "HTTP/1.1 201 Created\r\n\r\n",
		"needs a password": "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
		"empty reason":     "HTTP/1.1 502 \r\n\r\n",
		"no reason":        "HTTP/1.1 502\r\n\r\n",
		"nonsense":         "nonsense\r\n\r\n",
		"nothing":          "",
	}
	names := make([]string, 0, len(answers))
	for name := range answers {
		names = append(names, name)
	}
	sort.Strings(names)
	var list []netScenario
	through := func(t *testing.T, l *library, proxy *url.URL, response string) []string {
		addr, requests, stop := rawServer(t, response)
		defer stop()
		r := newRun(l, t)
		proxy.Host = addr
		r.catch(func() {
			_, resp, err := l.dial(context.Background(), options{proxy: http.ProxyURL(proxy)}, "ws://server.test/", nil)
			s := r.describe(err)
			r.note("dial %v %s", resp == nil, strings.ReplaceAll(s, addr, "PROXY"))
		})
		select {
		case raw := <-requests:
			for _, line := range sortedHead(strings.TrimSuffix(raw, "\r\n\r\n")) {
				r.note("%s", line)
			}
		default:
			r.note("no request")
		}
		return r.lines
	}
	for _, name := range names {
		if name == "established" {
			continue // what follows is a network error that has many names
		}
		list = append(list, netScenario{"proxy: " + name, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: "http"}, answers[name])
		}})
	}
	for name, user := range map[string]*url.Userinfo{"user": url.User("u"), "user and password": url.UserPassword("u", "p:w"), "empty password": url.UserPassword("u", "")} {
		list = append(list, netScenario{"proxy: " + name, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: "http", User: user}, answers["needs a password"])
		}})
	}
	for _, scheme := range []string{"https", "socks4", "", "HTTP"} {
		list = append(list, netScenario{"proxy: scheme " + scheme, func(t *testing.T, l *library) []string {
			return through(t, l, &url.URL{Scheme: scheme}, "")
		}})
	}
	// A SOCKS proxy is a script of its answers; every byte that it gets is noted.
	for _, s := range []struct {
		name    string
		user    *url.Userinfo
		url     string
		answers []string
	}{
		{"refuses", nil, "ws://server.test", []string{"\x05\x00", "\x05\x05\x00\x01"}},
		{"fails in an unknown way", nil, "ws://server.test", []string{"\x05\x00", "\x05\x77\x00\x01"}},
		{"wants a password", nil, "ws://server.test", []string{"\x05\xff"}},
		{"gets a password", url.UserPassword("u", "p"), "ws://server.test", []string{"\x05\x02", "\x01\x01"}},
		{"accepts a password", url.UserPassword("u", "p"), "ws://server.test:8080", []string{"\x05\x02", "\x01\x00", "\x05\x02\x00\x01"}},
		{"gets a user", url.User("u"), "ws://server.test", []string{"\x05\x02", "\x01\x01"}},
		{"chooses another method", nil, "ws://server.test", []string{"\x05\x01", "\x05\x01\x00\x01"}},
		{"is of version 4", nil, "ws://server.test", []string{"\x04\x00"}},
		{"gets an IPv4 address", nil, "ws://192.0.2.1", []string{"\x05\x00", "\x05\x04\x00\x01"}},
		{"gets an IPv6 address", nil, "wss://[2001:db8::1]", []string{"\x05\x00", "\x05\x06\x00\x01"}},
		{"gets port 0", nil, "ws://server.test:0", []string{"\x05\x00"}},
		{"gets a port too high", nil, "ws://server.test:65536", []string{"\x05\x00"}},
		{"has an unknown address type", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x07"}},
		{"ends in the greeting", nil, "ws://server.test", []string{"\x05"}},
		{"ends in the reply", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00"}},
		{"ends in the address", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x01\x00"}},
		{"ends in the port", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x01\x00\x00\x00\x00\x01"}},
		{"ends in the length", nil, "ws://server.test", []string{"\x05\x00", "\x05\x00\x00\x03"}},
	} {
		list = append(list, netScenario{"socks proxy " + s.name, func(t *testing.T, l *library) []string {
			r := newRun(l, t)
			var chunks [][]byte
			for _, a := range s.answers {
				chunks = append(chunks, []byte(a))
			}
			conn := newScriptConn(io.EOF, chunks...)
			proxy := http.ProxyURL(&url.URL{Scheme: "socks5", Host: "proxy.test:1080", User: s.user})
			_, resp, err := l.dial(context.Background(), options{proxy: proxy}, s.url, func(network, addr string) (net.Conn, error) {
				r.note("dialed %s %s", network, addr)
				return conn, nil
			})
			r.did("dial", resp == nil, err)
			r.note("sent %x", conn.takeWritten())
			r.note("closed %v", conn.closed)
			return r.lines
		}})
	}
	return list
}
