// Command bridge takes WebSockets over HTTP/2 (RFC 8441) to a server that
// knows them over HTTP/1.1 alone, and passes all other requests on.
//
// net/http takes such handshakes when GODEBUG says http2xconnect=1.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8443", "address to listen on")
	backend := flag.String("backend", "127.0.0.1:8087", "address of the server")
	cert := flag.String("cert", "cert.pem", "certificate")
	key := flag.String("key", "key.pem", "its key")
	flag.Parse()
	if err := run(*addr, *backend, *cert, *key); err != nil {
		log.Fatal(err)
	}
}

func run(addr, backend, cert, key string) error {
	if !strings.Contains(os.Getenv("GODEBUG"), "http2xconnect=1") {
		return errors.New("net/http takes WebSockets over HTTP/2 only if GODEBUG says http2xconnect=1")
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("listening on %s", l.Addr())
	plain := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: backend})
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}}
	srv := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		// Clients that know no HTTP/2 WebSockets ask for http/1.1.
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodConnect && r.Header.Get(":protocol") == "websocket" {
				bridge(w, r, backend)
				return
			}
			plain.ServeHTTP(w, r)
		}),
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- srv.ServeTLS(l, "", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return srv.Close()
	}
}
