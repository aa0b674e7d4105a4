package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A probe is a program that talks to a server whose address it gets as
// argument, and prints what it sees.
type probe struct {
	name  string
	src   string
	serve http.HandlerFunc // the peer
}

// onGorilla upgrades each request with gorilla and serves the connection.
func onGorilla(serve func(*websocket.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u := websocket.Upgrader{Subprotocols: []string{"chat"}}
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		serve(c)
	}
}

// TestBehaviour runs programs as they were, on gorilla, and as Fix leaves
// them, on both targets, against the same peers. They must print the same.
func TestBehaviour(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	probes := []probe{
		{"readJSON", readJSONProbe, onGorilla(func(c *websocket.Conn) {
			for _, m := range []string{`{"A":1}`, ``, `{`, `{"A":2} {"A":3}`, `nope`, "{\"A\":4}\n", `"x"`} {
				c.WriteMessage(websocket.TextMessage, []byte(m))
			}
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "done"), time.Now().Add(time.Minute))
			c.ReadMessage()
		})},
		{"close codes", closeProbe, onGorilla(func(c *websocket.Conn) {
			_, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			switch what := string(p); what {
			case "cut":
				c.UnderlyingConn().Close()
			case "midway":
				// The first half of a message, and no more.
				c.UnderlyingConn().Write([]byte{0x81, 10, 'h', 'a', 'l', 'f'})
				c.UnderlyingConn().Close()
			case "empty":
				c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(time.Minute))
				c.ReadMessage()
			default:
				var code int
				fmt.Sscan(what, &code)
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "why"), time.Now().Add(time.Minute))
				c.ReadMessage()
			}
		})},
		{"dial", dialProbe, serveDials},
		{"origin", originProbe, http.NotFound},
	}
	for _, more := range [][]probe{dialerProbes, upgraderProbes, deadlineProbes, wrapperProbes, frameProbes} {
		probes = append(probes, more...)
	}
	root := t.TempDir()
	files := map[string]string{
		"go.mod": "module example.com/probes\n\ngo 1.23\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"go.sum": string(goSum(t)),
	}
	for i, p := range probes {
		src, err := format.Source([]byte(p.src))
		if err != nil {
			t.Fatalf("%s: %v", p.name, err)
		}
		files[fmt.Sprintf("p%d/main.go", i)] = string(src)
	}
	write := func(dir string) {
		for name, data := range files {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	env := append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=-mod=mod")
	want := map[string]string{}
	for _, target := range []string{"gorilla", "nhooyr", "coder"} {
		dir := filepath.Join(root, target)
		write(dir)
		if target != "gorilla" {
			opts := Options{Target: wsapi.TargetNhooyr}
			if target == "coder" {
				opts.Target = wsapi.TargetCoder
			}
			plan := planTree(t, Config{Dir: dir, Env: env}, opts)
			for _, c := range plan.Clusters {
				if c.Outcome != Native && c.Outcome != Helpers {
					t.Fatalf("%s: cluster %s is %s: %v", target, c.Name, c.Outcome, c.Blocking)
				}
			}
			for _, c := range plan.Changes {
				if err := os.WriteFile(c.Path, c.New, 0o666); err != nil {
					t.Fatal(err)
				}
			}
		}
		bin := filepath.Join(dir, "bin")
		if err := os.Mkdir(bin, 0o777); err != nil {
			t.Fatal(err)
		}
		build := exec.Command("go", "build", "-o", bin, "./...")
		build.Dir, build.Env = dir, env
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build for %s: %v\n%s", target, err, out)
		}
		for i, p := range probes {
			got := runProbe(t, filepath.Join(bin, fmt.Sprintf("p%d", i)), p)
			if target == "gorilla" {
				want[p.name] = got
				continue
			}
			if got != want[p.name] {
				t.Errorf("%s on %s prints\n%s\non gorilla\n%s", p.name, target, got, want[p.name])
			}
		}
	}
}

// runProbe runs a program against its peer and returns what it prints.
func runProbe(t *testing.T, path string, p probe) string {
	t.Helper()
	srv := httptest.NewServer(p.serve)
	defer srv.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, strings.Replace(srv.URL, "http", "ws", 1))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", p.name, err, out, stderr.Bytes())
	}
	return string(out)
}

// serveDials answers the handshakes of dialProbe.
func serveDials(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/redirect":
		http.Redirect(w, r, "/", http.StatusFound)
	case "/refuse":
		http.Error(w, "not you", http.StatusUnauthorized)
	case "/slow":
		<-r.Context().Done()
	default:
		onGorilla(func(c *websocket.Conn) {
			text := fmt.Sprint(r.Host == "virtual.example", r.Header["X-Test"], r.Header["Cookie"], websocket.Subprotocols(r))
			c.WriteMessage(websocket.TextMessage, []byte(text))
			c.WriteMessage(websocket.BinaryMessage, make([]byte, 100_000))
			c.ReadMessage()
		})(w, r)
	}
}

const dialProbe = `
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

var short = websocket.Dialer{HandshakeTimeout: 50 * time.Millisecond}

func main() {
	u := os.Args[1]
	{
		c, resp, err := websocket.DefaultDialer.Dial(u, nil)
		show(c, resp, err)
	}
	{
		c, resp, err := websocket.DefaultDialer.Dial(u, http.Header{"X-Test": {"a", "b"}, "Host": {"virtual.example"}})
		show(c, resp, err)
	}

	h := http.Header{}
	h.Set("Host", "virtual.example")
	h.Add("X-Test", "c")
	{
		c, resp, err := (&websocket.Dialer{Subprotocols: []string{"other", "chat"}}).Dial(u, h)
		show(c, resp, err)
	}

	h = http.Header{}
	h.Set("Sec-WebSocket-Protocol", "chat")
	c, resp, err := websocket.DefaultDialer.Dial(u, h)
	if err != nil {
		panic(err)
	}
	defer resp.Body.Close()
	fmt.Println(c.Subprotocol(), resp.Header.Get("Sec-WebSocket-Protocol"))
	c.Close()

	jar, _ := cookiejar.New(nil)
	home, _ := url.Parse(strings.Replace(u, "ws", "http", 1))
	jar.SetCookies(home, []*http.Cookie{{Name: "k", Value: "v"}})
	d := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		fmt.Println("dials", network)
		return net.Dial(network, addr)
	}}
	d.Jar = jar
	{
		c, resp, err := d.Dial(u, nil)
		show(c, resp, err)
	}

	{
		c, resp, err := websocket.DefaultDialer.Dial(u+"/redirect", nil)
		fail(c, resp, err)
	}
	{
		c, resp, err := websocket.DefaultDialer.Dial(u+"/refuse", nil)
		fail(c, resp, err)
	}
	_, resp, err = short.Dial(u+"/slow", nil)
	var ne net.Error
	fmt.Println(errors.As(err, &ne) && ne.Timeout(), resp == nil)
}

func show(c *websocket.Conn, resp *http.Response, err error) {
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	defer resp.Body.Close()
	defer c.Close()
	b, err := io.ReadAll(resp.Body)
	fmt.Println(resp.StatusCode, len(b), err)
	_, p, err := c.ReadMessage()
	fmt.Printf("%s %v\n", p, err)
	_, p, err = c.ReadMessage()
	fmt.Println(len(p), err)
}

func fail(c *websocket.Conn, resp *http.Response, err error) {
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	fmt.Println(c == nil, err != nil, resp.StatusCode, resp.Header.Get("Location"), string(b))
}
`

const originProbe = `
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return r.Header.Get("Origin") == "https://friend.example"
	},
}

var closed = websocket.Upgrader{}

func serve(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		fmt.Println("refused:", err)
		return
	}
	c.Close()
}

func same(w http.ResponseWriter, r *http.Request) {
	c, err := closed.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c.Close()
}

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/check", serve)
	mux.HandleFunc("/same", same)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for _, path := range []string{"/check", "/same"} {
		for _, origin := range []string{"https://friend.example", "https://foe.example", srv.URL, ""} {
			req, err := http.NewRequest("GET", srv.URL+path, nil)
			if err != nil {
				panic(err)
			}
			req.Header.Set("Connection", "Upgrade")
			req.Header.Set("Upgrade", "websocket")
			req.Header.Set("Sec-WebSocket-Version", "13")
			req.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
			if origin != "" {
				req.Header.Set("Origin", origin)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				panic(err)
			}
			resp.Body.Close()
			fmt.Println(path, origin == "", origin == srv.URL, resp.StatusCode)
		}
	}
}
`

const readJSONProbe = `
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/gorilla/websocket"
)

func main() {
	c, _, err := websocket.DefaultDialer.Dial(os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	defer c.Close()
	for {
		var v struct{ A int }
		err := c.ReadJSON(&v)
		_, syntax := err.(*json.SyntaxError)
		_, typ := err.(*json.UnmarshalTypeError)
		closed := websocket.IsCloseError(err, 4000)
		gone := websocket.IsCloseError(err, websocket.CloseAbnormalClosure)
		fmt.Println(v.A, err == nil, err == io.ErrUnexpectedEOF, syntax, typ, closed, gone)
		if closed || gone {
			return
		}
	}
}
`

const closeProbe = `
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gorilla/websocket"
)

func main() {
	for _, what := range []string{"1000", "1001", "1011", "4000", "empty", "cut", "midway"} {
		read(what)
	}
	fmt.Println(websocket.IsUnexpectedCloseError(io.EOF, 1000), websocket.IsCloseError(errors.New("x"), 1006, 1000), websocket.IsCloseError(nil, 1000))
}

func read(what string) {
	c, _, err := websocket.DefaultDialer.Dial(os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	defer c.Close()
	if err := c.WriteMessage(websocket.TextMessage, []byte(what)); err != nil {
		panic(err)
	}
	_, _, err = c.ReadMessage()
	fmt.Print(what, " ", err != nil)
	fmt.Print(" ", websocket.IsCloseError(err, 1000), websocket.IsCloseError(err, 1001, 4000), websocket.IsCloseError(err, websocket.CloseAbnormalClosure))
	fmt.Print(" ", websocket.IsUnexpectedCloseError(err, 1000), websocket.IsUnexpectedCloseError(err, websocket.CloseGoingAway, websocket.CloseAbnormalClosure), websocket.IsUnexpectedCloseError(err))
	if ce, ok := err.(*websocket.CloseError); ok && ce.Code == websocket.CloseGoingAway {
		fmt.Print(" going away")
	}
	if ce, ok := err.(*websocket.CloseError); ok {
		fmt.Printf(" %d %q", ce.Code, ce.Text)
	}
	var ce *websocket.CloseError
	fmt.Println("", errors.As(err, &ce))
}
`
