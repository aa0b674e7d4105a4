package rewrite

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A recorder is a peer that keeps what it receives, by the address that it was
// reached at, and tells it to whoever asks for /frames.
type recorder struct {
	mu     sync.Mutex
	frames map[string]chan string
}

// recordFrames records the frames of one connection after another. Pings are
// answered, and recorded without their payload; below /mute they are not
// answered. A message "close N" is answered by a close frame with code N.
var recordFrames = (&recorder{frames: map[string]chan string{}}).serve

func (p *recorder) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.frames[r.Host] == nil {
		p.frames[r.Host] = make(chan string, 10)
	}
	done := p.frames[r.Host]
	p.mu.Unlock()
	if r.URL.Path == "/frames" {
		fmt.Fprint(w, <-done)
		return
	}
	var got []string
	onGorilla(func(c *websocket.Conn) {
		c.SetPingHandler(func(data string) error {
			got = append(got, "ping")
			if r.URL.Path == "/mute" {
				return nil
			}
			return c.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Minute))
		})
		c.SetCloseHandler(func(code int, text string) error {
			got = append(got, fmt.Sprintf("close %d %q", code, text))
			c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Minute))
			return nil
		})
		for {
			mt, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			got = append(got, fmt.Sprintf("%d %q", mt, data))
			var code int
			if _, err := fmt.Sscanf(string(data), "close %d", &code); err == nil {
				c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, "as asked"), time.Now().Add(time.Minute))
			}
			if string(data) == "echo" {
				c.WriteMessage(mt, data)
			}
		}
	})(w, r)
	done <- strings.Join(got, ", ")
}

// frameProbeOf is a program that prints what the peer got.
func frameProbeOf(body string) string {
	return `
package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

var (
	_ = errors.New
	_ sync.Mutex
	_ time.Time
	_ = io.EOF
)

func dial(path string) *websocket.Conn {
	c, _, err := websocket.DefaultDialer.Dial(os.Args[1]+path, nil)
	if err != nil {
		panic(err)
	}
	return c
}

// received prints the frames that the peer of the last connection got.
func received() {
	resp, err := http.Get(strings.Replace(os.Args[1], "ws", "http", 1) + "/frames")
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
` + body
}

// frameProbes send control frames, and messages whose type is a variable.
var frameProbes = []probe{
	{"frames through a method", frameProbeOf(`
type peer struct {
	mu sync.Mutex
	ws *websocket.Conn
}

func (p *peer) write(mt int, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ws.SetWriteDeadline(time.Now().Add(time.Minute))
	return p.ws.WriteMessage(mt, data)
}

func (p *peer) read(done chan struct{}) {
	defer close(done)
	p.ws.SetReadDeadline(time.Now().Add(time.Minute))
	p.ws.SetPongHandler(func(string) error { return p.ws.SetReadDeadline(time.Now().Add(time.Minute)) })
	for {
		if _, _, err := p.ws.ReadMessage(); err != nil {
			return
		}
	}
}

func main() {
	p := &peer{ws: dial("")}
	done := make(chan struct{})
	go p.read(done)
	p.write(websocket.TextMessage, []byte("a"))
	p.write(websocket.BinaryMessage, []byte("b"))
	if err := p.write(websocket.PingMessage, nil); err != nil {
		fmt.Println("ping:", err)
	}
	p.write(websocket.TextMessage, []byte("c"))
	p.write(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye"))
	<-done
	received()
}
`), recordFrames},
	{"messages of any type", frameProbeOf(`
type envelope struct {
	t    int
	data []byte
}

func main() {
	c := dial("")
	out := make(chan envelope, 10)
	out <- envelope{websocket.TextMessage, []byte("a")}
	out <- envelope{t: websocket.PingMessage}
	out <- envelope{t: 7}
	out <- envelope{websocket.BinaryMessage, []byte("b")}
	out <- envelope{websocket.CloseMessage, websocket.FormatCloseMessage(4001, "why")}
	close(out)
	for e := range out {
		err := c.WriteMessage(e.t, e.data)
		fmt.Println(e.t, err == nil)
		if e.t == websocket.CloseMessage {
			break
		}
	}
	_, _, err := c.ReadMessage()
	fmt.Println(err != nil)
	received()
}
`), recordFrames},
	{"message types of data", frameProbeOf(`
type job struct {
	kind int
	data string
}

func kind(binary bool) int {
	if binary {
		return websocket.BinaryMessage
	}
	return websocket.TextMessage
}

func main() {
	c := dial("")
	for _, j := range []job{{websocket.TextMessage, "a"}, {kind(true), "b"}, {kind: 1, data: "echo"}} {
		c.WriteMessage(j.kind, []byte(j.data))
	}
	mt, p, err := c.ReadMessage()
	fmt.Println(mt == websocket.TextMessage, string(p), err)
	mt = websocket.BinaryMessage
	c.WriteMessage(mt, p)
	c.Close()
	received()
}
`), recordFrames},
	{"pong handlers", frameProbeOf(`
type peer struct {
	ws    *websocket.Conn
	pongs chan string
}

func (p *peer) pong(data string) error {
	p.pongs <- "named"
	return p.ws.SetReadDeadline(time.Now().Add(time.Minute))
}

func read(c *websocket.Conn, done chan<- error) {
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			done <- err
			return
		}
	}
}

func named() {
	p := &peer{dial(""), make(chan string)}
	p.ws.SetReadDeadline(time.Now().Add(time.Minute))
	p.ws.SetPongHandler(p.pong)
	done := make(chan error)
	go read(p.ws, done)
	for i := 0; i < 2; i++ {
		if err := p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Minute)); err != nil {
			fmt.Println(err)
		}
		fmt.Println(<-p.pongs)
	}
	p.ws.Close()
	fmt.Println(<-done != nil)
}

func main() {
	named()
	received()
	literal(make(chan string))
	received()
}

func literal(pongs chan string) {
	c := dial("")
	c.SetPongHandler(func(data string) error {
		pongs <- "got " + data
		return nil
	})
	done := make(chan error)
	go readAll(c, done)
	c.WriteMessage(websocket.PingMessage, []byte("payload"))
	fmt.Println(<-pongs)
	c.Close()
	<-done
	err := c.WriteMessage(websocket.PingMessage, nil)
	fmt.Println(err != nil)
}

func readAll(c *websocket.Conn, done chan<- error) {
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			done <- err
			return
		}
	}
}
`), recordFrames},
	{"a peer that is dead", frameProbeOf(`
const wait = 200 * time.Millisecond

func loop(c *websocket.Conn) {
	for range time.Tick(wait / 4) {
		if err := c.WriteMessage(websocket.PingMessage, nil); err != nil {
			return
		}
	}
}

func helper(c *websocket.Conn) {
	var mu sync.Mutex
	ping := func() error {
		mu.Lock()
		defer mu.Unlock()
		return c.WriteControl(websocket.PingMessage, nil, time.Now().Add(wait))
	}
	for range time.Tick(wait / 4) {
		if ping() != nil {
			return
		}
	}
}

func beat(ping func(*websocket.Conn)) {
	c := dial("/mute")
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(wait))
	c.SetPongHandler(func(string) error { return c.SetReadDeadline(time.Now().Add(wait)) })
	stopped := make(chan bool)
	go func() {
		ping(c)
		close(stopped)
	}()
	_, _, err := c.ReadMessage()
	fmt.Println("read ended", err != nil)
	c.Close()
	<-stopped
}

func main() {
	beat(loop)
	beat(helper)
}
`), recordFrames},
	{"close frames", frameProbeOf(`
func must(err error) {
	if err != nil {
		fmt.Println("fails")
	}
}

// answered waits for the answer of the peer to the close frame.
func answered() {
	c := dial("")
	must(c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "over")))
	_, _, err := c.ReadMessage()
	fmt.Println(err != nil)
	c.Close()
}

// written goes on writing, in vain.
func written() {
	c := dial("")
	c.WriteMessage(websocket.CloseMessage, nil)
	fmt.Println(c.WriteMessage(websocket.TextMessage, []byte("late")) != nil)
	c.Close()
}

// chosen has its payload in a variable.
func chosen(code int) {
	c := dial("")
	p := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if code != 0 {
		p = websocket.FormatCloseMessage(code, "chosen")
	}
	err := c.WriteControl(websocket.CloseMessage, p, time.Now().Add(time.Minute))
	time.Sleep(time.Millisecond)
	fmt.Println(err)
	c.Close()
}

func main() {
	answered()
	received()
	written()
	received()
	chosen(0)
	received()
	chosen(4010)
	received()
	chosen(websocket.CloseNoStatusReceived)
	received()
}
`), recordFrames},
	{"close errors by pointer", frameProbeOf(`
func read(code string) error {
	c := dial("")
	defer c.Close()
	c.WriteMessage(websocket.TextMessage, []byte("close "+code))
	_, _, err := c.ReadMessage()
	return err
}

func main() {
	ce := &websocket.CloseError{}
	fmt.Println(errors.As(read("4003"), &ce), ce.Code, ce.Text)
	var other *websocket.CloseError
	if err := read("1001"); errors.As(err, &other) {
		fmt.Println(other.Code, other.Text)
	}
	fmt.Println(read("1000").(*websocket.CloseError).Code)
	c := dial("")
	c.WriteMessage(websocket.TextMessage, []byte("echo"))
	c.SetReadLimit(2)
	_, _, err := c.ReadMessage()
	fmt.Println(err == websocket.ErrReadLimit, errors.Is(errors.New("other"), websocket.ErrReadLimit))
	c.Close()
}
`), recordFrames},
	{"readers and writers that are passed on", frameProbeOf(`
func next(c *websocket.Conn) (int, io.Reader, error) { return c.NextReader() }

func writer(c *websocket.Conn) (io.WriteCloser, error) { return c.NextWriter(websocket.BinaryMessage) }

func show(mt int, p []byte, err error) { fmt.Println(mt, string(p), err) }

// early leaves its writer open where it fails.
func early(c *websocket.Conn, fail bool) error {
	w, err := c.NextWriter(websocket.TextMessage)
	if err != nil {
		return err
	}
	io.WriteString(w, "begun")
	if fail {
		return errors.New("failed")
	}
	io.WriteString(w, " and done")
	return w.Close()
}

func main() {
	c := dial("")
	w, err := writer(c)
	fmt.Println(err)
	io.WriteString(w, "one ")
	io.WriteString(w, "message")
	fmt.Println(w.Close(), w.Close() != nil)
	early(c, true)
	early(c, false)
	c.WriteMessage(websocket.TextMessage, []byte("echo"))
	mt, r, err := next(c)
	fmt.Println(mt, err)
	one := make([]byte, 1)
	fmt.Println(r.Read(one))
	c.WriteMessage(websocket.TextMessage, []byte("echo"))
	show(c.ReadMessage())
	go c.ReadMessage()
	c.Close()
	received()
}
`), recordFrames},
}
