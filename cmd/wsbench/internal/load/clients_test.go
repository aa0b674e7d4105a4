package load

import (
	"context"
	"net"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
)

// TestEndedConnections has a server that hangs up after the handshake: the
// connection counts as failed, and it is told why.
func TestEndedConnections(t *testing.T) {
	ln, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer driver.Raw().Serve(ln, driver.Options{}, func(c driver.Conn) { _ = c.Close() }).Close()
	cs := &clients{args: DialArgs{Addr: ln.Addr().String(), Size: 16}}
	if err := cs.connect(context.Background(), new(client)); err != nil {
		t.Fatal(err)
	}
	cs.loops.Wait()
	if n := cs.failed.Load(); n != 1 {
		t.Errorf("%d connections count as failed, want 1", n)
	}
	if err := cs.first.Load(); err == nil {
		t.Error("nothing is told of the connection that ended")
	}
}
