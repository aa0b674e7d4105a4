package driver

import (
	"context"
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

// loop reads messages and hands them to on until either fails. What read gets
// is memory that it may keep from call to call.
func loop(read func(buf *[]byte) ([]byte, error), on func(p []byte) error) error {
	var buf []byte
	for {
		p, err := read(&buf)
		if err != nil {
			return err
		}
		if err := on(p); err != nil {
			return err
		}
	}
}

// writeOnce writes a message to the writer that a library returned with err.
func writeOnce(w io.WriteCloser, err error, p []byte) error {
	if err != nil {
		return err
	}
	if _, err := w.Write(p); err != nil {
		return err
	}
	return w.Close()
}

// client returns an HTTP client that dials so.
func (d Dial) client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d(ctx) },
	}}
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
