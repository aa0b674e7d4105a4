package load

import (
	"context"
	"fmt"
	"net"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
)

// ServeArgs asks for an echo server.
type ServeArgs struct {
	Library string
	Options driver.Options
	Listen  string // host:port, port 0 for any
}

// Served says where the server is.
type Served struct{ Addr string }

// server echoes until its process ends.
type server struct{ addr string }

func serve(a ServeArgs) (*server, error) {
	lib, err := find(a.Library, a.Options)
	if err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{KeepAlive: noKeepAlive}).Listen(context.Background(), "tcp", a.Listen)
	if err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	lib.Serve(ln, a.Options, func(c driver.Conn) {
		_ = c.Loop(c.Write) // the client tells when it misses something
		_ = c.Close()
	})
	return &server{ln.Addr().String()}, nil
}
