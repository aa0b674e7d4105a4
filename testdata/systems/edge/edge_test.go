package main

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"example.com/systems/internal/daemons"
	"example.com/systems/internal/proc"
	"example.com/systems/internal/threeway"
	"example.com/systems/internal/wire"
)

// edges are the proxies, each with a function that starts it.
var edges = map[string]func(t testing.TB, backend, idle string) string{
	"nginx":   daemons.StartNginx,
	"haproxy": daemons.StartHAProxy,
}

func TestEdge(t *testing.T) {
	proc.Need(t, "nginx", "nginx-light")
	proc.Need(t, "haproxy", "haproxy")
	chromium := proc.Need(t, "chromium", "chromium")
	bridge := filepath.Join(t.TempDir(), "bridge")
	if out, err := exec.Command("go", "build", "-o", bridge, "./bridge").CombinedOutput(); err != nil {
		t.Fatalf("build the bridge: %v\n%s", err, out)
	}
	threeway.Run(t, "edge", func(t *testing.T, v *threeway.Version) {
		for _, name := range []string{"nginx", "haproxy"} {
			t.Run(name, func(t *testing.T) { through(t, v, name) })
			t.Run(name+" with pings", func(t *testing.T) { kept(t, v, name) })
			t.Run(name+" times out", func(t *testing.T) { cut(t, v, name) })
		}
		t.Run("Chromium over HTTP2", func(t *testing.T) { browse(t, v, bridge, chromium) })
	})
}

func dial(t *testing.T, addr string) *wire.Client {
	t.Helper()
	c, err := wire.Try(t, ws.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}}, "wss://"+addr+"/echo")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// through talks through a proxy with TLS.
func through(t *testing.T, v *threeway.Version, name string) {
	server, backend := v.Start(t)
	recorder := wire.NewProxy(t, backend)
	addr := edges[name](t, recorder.Addr(), "30s")
	c := dial(t, addr)
	if got, want := wire.JSON[greeting](c), (greeting{"https", addr, "1.1 " + name}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, size := range []int{1, 125, 126, 65536, 500000} {
		sent := bytes.Repeat([]byte{'x'}, size)
		c.Send(ws.OpBinary, sent)
		if got := c.Message(); !bytes.Equal(got, sent) {
			t.Errorf("the echo of %d bytes has %d", size, len(got))
		}
	}
	if code := c.Close(1000); code != 1000 {
		t.Errorf("the close frame is answered with %d", code)
	}
	foreign := ws.Dialer{TLSConfig: &tls.Config{InsecureSkipVerify: true}, Header: ws.HandshakeHeaderHTTP(http.Header{"Origin": {"https://elsewhere.example"}})}
	if _, err := wire.Try(t, foreign, "wss://"+addr+"/echo"); err != ws.StatusError(http.StatusForbidden) {
		t.Errorf("a foreign page: %v", err)
	}
	c = dial(t, addr)
	wire.JSON[greeting](c)
	server.Signal(syscall.SIGTERM)
	if code, _ := c.Closed(); code != 1012 {
		t.Errorf("at the end: close code %d", code)
	}
	if status := server.Wait(); status != 0 {
		t.Errorf("exit status %d", status)
	}
	v.Record(t, name, recorder)
}

// kept has pings that are more frequent than the proxy is patient.
func kept(t *testing.T, v *threeway.Version, name string) {
	_, backend := v.Start(t, "-ping", "100ms")
	c := dial(t, edges[name](t, backend, "1s"))
	wire.JSON[greeting](c)
	for range 25 { // more than twice as long as the proxy waits
		c.Send(ws.OpPong, c.Until(ws.OpPing))
	}
	c.Text("still here")
	if got := c.Message(); string(got) != "still here" {
		t.Errorf("got %q", got)
	}
}

// cut has no pings: the proxy ends the connection, and both sides notice.
func cut(t *testing.T, v *threeway.Version, name string) {
	server, backend := v.Start(t, "-ping", "1h")
	c := dial(t, edges[name](t, backend, "1s"))
	wire.JSON[greeting](c)
	if m, err := c.Next(); err == nil {
		t.Errorf("got %v from a proxy that has timed out", m)
	}
	server.Await("closed with 1006")
}

// page opens a WebSocket to where it comes from, sends its messages each behind
// the echo of the last, and then asks for a path that says what it got.
const page = `<!DOCTYPE html><script>
const sizes = [1, 125, 126, 65536, 500000], echoes = []
let greeting
const say = text => fetch("/says?" + encodeURIComponent(text))
const ws = new WebSocket("wss://" + location.host + "/echo")
const next = () => echoes.length < sizes.length ? ws.send("x".repeat(sizes[echoes.length])) : ws.close(1000)
ws.onmessage = e => {
	if (greeting) echoes.push(e.data.length)
	else greeting = JSON.parse(e.data)
	next()
}
ws.onclose = e => say(greeting.scheme + " " + greeting.host + " " + greeting.via + ", echoes " + echoes.join(" ") + ", closed " + e.code)
ws.onerror = () => say("error")
</script>`

// site serves the page, and passes on what is for the server.
func site(t *testing.T, backend string) (addr string, says <-chan string) {
	heard := make(chan string, 10)
	mux := http.NewServeMux()
	mux.HandleFunc("/try", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, page)
	})
	mux.HandleFunc("/says", func(w http.ResponseWriter, r *http.Request) {
		text, _ := url.QueryUnescape(r.URL.RawQuery)
		heard <- text
	})
	mux.Handle("/echo", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: backend}))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String(), heard
}

// browse has Chromium open a WebSocket over the HTTP/2 connection that brought
// the page.
func browse(t *testing.T, v *threeway.Version, bridgeBin, chromium string) {
	server, backend := v.Start(t)
	front, says := site(t, backend)
	cert := daemons.NewCertificate(t)
	cmd := exec.Command(bridgeBin, "-addr", "127.0.0.1:0", "-backend", front, "-cert", cert.Cert, "-key", cert.Key)
	cmd.Env = append(os.Environ(), "GODEBUG=http2xconnect=1")
	bridge := proc.Start(t, cmd)
	addr := bridge.Await("listening on ")

	browser := proc.Start(t, exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--ignore-certificate-errors", "--user-data-dir="+t.TempDir(), "https://"+addr+"/try"))
	bridge.Await("WebSocket over HTTP/2.0 for ")
	select {
	case got := <-says:
		if want := "https " + addr + " 2.0 bridge, echoes 1 125 126 65536 500000, closed 1000"; got != want {
			t.Errorf("the page says %q, want %q", got, want)
		}
		t.Logf("Chromium, over HTTP/2: %s", got)
	case <-time.After(proc.Patience):
		t.Error("the page says nothing")
	}
	server.Await("closed with 1000")
	browser.Stop()
}
