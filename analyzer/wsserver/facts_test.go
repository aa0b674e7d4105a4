package wsserver_test

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TestFacts holds what the rule says about net/http and crypto/tls against
// real servers.
func TestFacts(t *testing.T) {
	upgrader := websocket.Upgrader{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte("hello"))
		conn.ReadMessage()
	})
	var http2, both http.Protocols
	http2.SetHTTP2(true)
	both.SetHTTP2(true)
	both.SetHTTP1(true)
	h2 := []string{"h2"}
	for _, test := range []struct {
		name   string
		srv    *http.Server
		tls    bool
		server []string // NextProtos
		client []string
		ok     bool
	}{
		{name: "timeouts end with the upgrade", srv: &http.Server{Handler: handler, WriteTimeout: time.Nanosecond}, ok: true},
		{name: "TimeoutHandler", srv: &http.Server{Handler: http.TimeoutHandler(handler, time.Minute, "")}},
		{name: "defaults", srv: &http.Server{Handler: handler}, tls: true, ok: true},
		{name: "server with h2 alone", srv: &http.Server{Handler: handler}, tls: true, server: h2, client: []string{"http/1.1"}, ok: true},
		{name: "server with h2 alone, client without ALPN", srv: &http.Server{Handler: handler}, tls: true, server: h2, ok: true},
		{name: "Protocols without HTTP/1", srv: &http.Server{Handler: handler, Protocols: &http2}, tls: true, client: []string{"http/1.1"}},
		{name: "Protocols with both", srv: &http.Server{Handler: handler, Protocols: &both}, tls: true, client: []string{"http/1.1"}, ok: true},
		{name: "client that offers h2", srv: &http.Server{Handler: handler}, tls: true, client: []string{"h2", "http/1.1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			srv := test.srv
			srv.ErrorLog = log.New(io.Discard, "", 0)
			url, done := "ws://"+ln.Addr().String(), make(chan struct{})
			serve := func() { srv.Serve(ln) }
			if test.tls {
				url = "wss://" + ln.Addr().String()
				srv.TLSConfig = certificate(t)
				srv.TLSConfig.NextProtos = test.server
				serve = func() { srv.ServeTLS(ln, "", "") }
			}
			go func() { defer close(done); serve() }()
			defer func() { srv.Close(); <-done }()
			dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, NextProtos: test.client}}
			conn, _, err := dialer.Dial(url, nil)
			if err != nil {
				if test.ok {
					t.Fatal(err)
				}
				return
			}
			defer conn.Close()
			if _, p, err := conn.ReadMessage(); !test.ok || err != nil || string(p) != "hello" {
				t.Errorf("read %q, %v; want success %t", p, err, test.ok)
			}
		})
	}
}

// certificate returns a configuration with a certificate for this machine.
func certificate(t *testing.T) *tls.Config {
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	return &tls.Config{Certificates: srv.TLS.Certificates}
}
