// Package serve runs the HTTP servers of the systems: it says where one
// listens, stops it on a signal, and has a page to try its WebSocket by hand.
package serve

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

// Run serves srv until SIGINT or SIGTERM, then calls stop, which may take as
// long as grace. http.Server.Shutdown does not know WebSockets, so stop has to
// see to those.
func Run(srv *http.Server, grace time.Duration, stop func(context.Context) error) error {
	if srv.ReadHeaderTimeout == 0 {
		srv.ReadHeaderTimeout = 5 * time.Second
	}
	l, err := net.Listen("tcp", srv.Addr)
	if err != nil {
		return err
	}
	log.Printf("listening on %s", l.Addr())

	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Print("shutting down")
	sctx, end := context.WithTimeout(context.Background(), grace)
	defer end()
	err = stop(sctx)
	if e := srv.Shutdown(sctx); e != nil {
		err = errors.Join(err, fmt.Errorf("shut down: %w", e), srv.Close())
	}
	return err
}

// SendBuffer is for http.Server.ConnContext: the kernel holds no more than so
// many bytes for each connection. With 0 it decides itself.
func SendBuffer(bytes int) func(context.Context, net.Conn) context.Context {
	return func(ctx context.Context, c net.Conn) context.Context {
		if t, ok := c.(*net.TCPConn); ok && bytes > 0 {
			t.SetWriteBuffer(bytes)
		}
		return ctx
	}
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// Page is a page that opens a WebSocket at path, shows what comes, and sends
// what is typed. The examples are offered as messages.
func Page(title, path string, examples ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		page.Execute(w, map[string]any{"Title": title, "Path": path, "Examples": examples})
	})
}
