package driver

import (
	"io"
	"net"
	"net/http"
	"time"
)

// path is where the servers answer.
const path = "/bench"

// patience bounds an opening handshake.
const patience = 30 * time.Second

// serveHTTP runs a server of net/http on ln. Its handlers upgrade by the
// library, and an error is answered there.
func serveHTTP(ln net.Listener, upgrade func(http.ResponseWriter, *http.Request) (Conn, error), handle func(Conn)) Server {
	s := &http.Server{
		ReadHeaderTimeout: patience,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := upgrade(w, r); err == nil {
				handle(c)
			}
		}),
	}
	go func() { _ = s.Serve(ln) }() // returns when s is closed
	return s
}

// readInto reads r to its end into buf, which grows as needed.
func readInto(r io.Reader, buf []byte) ([]byte, error) {
	buf = buf[:0]
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if err == io.EOF {
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
}
