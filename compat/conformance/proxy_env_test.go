package conformance

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestProxyFromEnvironment dials with the Dialers that take their proxy from
// the environment, in processes of their own: net/http reads it once.
func TestProxyFromEnvironment(t *testing.T) {
	if name := os.Getenv("CONFORMANCE_LIBRARY"); name != "" {
		dialByEnvironment(name, os.Getenv("CONFORMANCE_DIRECT"))
		return
	}
	play := func(name string) []string {
		refuse := func(p *peer, conn net.Conn) {
			p.readRequest(bufio.NewReader(conn))
			io.WriteString(conn, "HTTP/1.1 403 not from here\r\nContent-Length: 0\r\n\r\n")
		}
		plain, secure, direct := newPeer(t, refuse), newPeer(t, refuse), newPeer(t, (*peer).webSocket)
		cmd := exec.Command(os.Args[0], "-test.run=^TestProxyFromEnvironment$")
		cmd.Env = append(os.Environ(), "CONFORMANCE_LIBRARY="+name, "CONFORMANCE_DIRECT="+direct.addr,
			"HTTP_PROXY=http://plain:p@"+plain.addr, "HTTPS_PROXY=http://secure:s@"+secure.addr, "NO_PROXY=", "REQUEST_METHOD=",
			"http_proxy=", "https_proxy=", "no_proxy=")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		r := newRun(nil, t)
		for _, line := range strings.Split(string(out), "\n") {
			if strings.HasPrefix(line, "dial ") {
				r.note("%s", line)
			}
		}
		plain.stop(r, "plain proxy")
		secure.stop(r, "secure proxy")
		direct.stop(r, "direct")
		return withoutAddresses(r.lines)
	}
	want, got := play("gorilla"), play("compat")
	if len(want) < 30 {
		t.Errorf("gorilla shows nothing:\n%s", strings.Join(want, "\n"))
	}
	newTally().compare(t, "", "", want, got)
}

// dialByEnvironment prints the outcome of each dial.
func dialByEnvironment(library, direct string) {
	type dial func(ctx context.Context, url string, h http.Header) (io.Closer, *http.Response, error)
	dials := []dial{
		func(ctx context.Context, url string, h http.Header) (io.Closer, *http.Response, error) {
			return websocket.DefaultDialer.DialContext(ctx, url, h)
		},
		func(ctx context.Context, url string, h http.Header) (io.Closer, *http.Response, error) {
			return (*websocket.Dialer)(nil).DialContext(ctx, url, h)
		},
	}
	if library == "compat" {
		dials = []dial{
			func(ctx context.Context, url string, h http.Header) (io.Closer, *http.Response, error) {
				return compat.DefaultDialer.DialContext(ctx, url, h)
			},
			func(ctx context.Context, url string, h http.Header) (io.Closer, *http.Response, error) {
				return (*compat.Dialer)(nil).DialContext(ctx, url, h)
			},
		}
	}
	for _, d := range dials {
		for _, url := range []string{"ws://server.test", "wss://server.test/p", "ws://server.test:443", "ws://" + direct} {
			c, resp, err := d(context.Background(), url, nil)
			fmt.Printf("dial %s: %v %v\n", url, resp != nil, err)
			if err == nil {
				c.Close()
			}
		}
	}
}
