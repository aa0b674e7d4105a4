package conformance

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFaultEndOfTLS has a stream end in the same read that brings the last bytes
// of it: a connection of TLS 1.2 does that, where one of TCP never does.
func TestFaultEndOfTLS(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1000) // read past all buffers
	seen, names := tallyOf("TestFaultEndOfTLS"), make(map[string]bool)
	for _, tt := range []struct {
		name string
		in   []frame
	}{
		{"end behind a message", []frame{bin(long)}},
		{"end behind a fragment", []frame{{b0: 0x02, payload: long}}},
		{"end behind a last fragment", []frame{{b0: 0x02, payload: "first"}, end(long)}},
		{"end in a payload", []frame{{b0: 0x82, payload: long, length: int64(len(long)) + 1}}},
		{"end behind a close frame", []frame{bin(long), closing(1000, "")}},
	} {
		names[tt.name] = true
		t.Run(tt.name, func(t *testing.T) {
			seen.compare(t, tt.name, "server", copyOverTLS(t, gorilla, tt.in), copyOverTLS(t, shim, tt.in))
		})
	}
	seen.checkNeeded(t, names)
}

// copyOverTLS has a server copy all messages that a client sends before it ends
// the stream. All of that is there when the server begins to read.
func copyOverTLS(t *testing.T, l *library, in []frame) []string {
	t.Helper()
	r, arrived, done := newRun(l, t), make(chan struct{}), make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer close(done)
		c, err := l.upgrade(w, req, options{})
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		<-arrived
		for err == nil {
			var rd io.Reader
			if _, rd, err = c.NextReader(); err == nil {
				var b bytes.Buffer
				_, err = io.CopyBuffer(struct{ io.Writer }{&b}, rd, make([]byte, 64<<10))
				r.note("copy: %s %s", digest(b.Bytes()), r.describe(err))
			}
		}
		r.note("end: %s", r.describe(err))
		_, _, err = c.NextReader()
		r.note("again: %s", r.describe(err))
	}))
	srv.TLS = &tls.Config{MaxVersion: tls.VersionTLS12}
	srv.StartTLS()
	defer srv.Close()
	conn, err := tls.Dial("tcp", srv.Listener.Addr().String(), srv.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, strings.Replace(goodRequest, "PATH", "/", 1)+"\r\n")
	br := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(br, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", resp, err)
	}
	for _, f := range in {
		if _, err := conn.Write(f.encode(true)); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	close(arrived)
	<-done
	return r.lines
}
