package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// A Proxy stands between clients and one server. It writes down each
// connection's handshake and frames, and can cut the connections.
type Proxy struct {
	t      testing.TB
	l      net.Listener
	server string // address

	mu    sync.Mutex
	conns []*proxied
	wg    sync.WaitGroup
}

// proxied is one connection through a proxy.
type proxied struct {
	ends  [2]net.Conn // client's and server's
	mu    sync.Mutex
	begun string
	lines [2][]string // from the client, from the server
	again int         // close frames that were sent once more
}

// NewProxy starts a proxy in front of the server at addr.
func NewProxy(t testing.TB, addr string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{t: t, l: l, server: addr}
	p.wg.Add(1)
	go p.accept()
	t.Cleanup(func() {
		l.Close()
		p.Cut()
		p.wg.Wait()
	})
	return p
}

// Addr is where the proxy listens.
func (p *Proxy) Addr() string { return p.l.Addr().String() }

// URL is that of a WebSocket at path, through the proxy.
func (p *Proxy) URL(path string) string { return "ws://" + p.Addr() + path }

func (p *Proxy) accept() {
	defer p.wg.Done()
	for {
		client, err := p.l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		c := &proxied{ends: [2]net.Conn{client, server}}
		p.mu.Lock()
		p.conns = append(p.conns, c)
		p.mu.Unlock()
		p.wg.Add(1)
		go func() {
			defer p.wg.Done()
			c.run()
		}()
	}
}

// Cut ends all connections that are open, without a word, and returns how many
// there have been so far.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.cut()
	}
	return len(p.conns)
}

func (c *proxied) cut() {
	for _, end := range c.ends {
		end.(*net.TCPConn).SetLinger(0) // a reset
		end.Close()
	}
}

// run passes bytes both ways until one side ends.
func (c *proxied) run() {
	var wg sync.WaitGroup
	for from := range c.ends {
		wg.Go(func() {
			src, dst := c.ends[from], c.ends[1-from]
			// What is read for the record has been passed on already: a frame
			// cannot be held up by the end of it.
			br := bufio.NewReader(io.TeeReader(src, heedless{dst}))
			c.record(from, br)
			io.Copy(io.Discard, br)
			dst.(*net.TCPConn).CloseWrite()
		})
	}
	wg.Wait()
	for _, end := range c.ends {
		end.Close()
	}
}

// heedless writes to whoever may be gone: what the other side sends is seen
// all the same.
type heedless struct{ io.Writer }

func (w heedless) Write(p []byte) (int, error) {
	w.Writer.Write(p)
	return len(p), nil
}

// record writes down what comes from one side, up to its end or to what are
// no frames.
func (c *proxied) record(from int, br *bufio.Reader) {
	if from == 0 {
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		c.mu.Lock()
		c.begun = req.Method + " " + req.URL.Path + c.begun
		c.mu.Unlock()
	} else {
		resp, err := http.ReadResponse(br, nil)
		if err != nil {
			return
		}
		begun := fmt.Sprintf(" %d", resp.StatusCode)
		for _, name := range []string{"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
			if v := resp.Header.Get(name); v != "" {
				begun += " " + name + ": " + v
			}
		}
		c.mu.Lock()
		c.begun += begun
		c.mu.Unlock()
		if resp.StatusCode != http.StatusSwitchingProtocols {
			io.Copy(io.Discard, resp.Body)
			return
		}
	}
	for {
		f, err := ws.ReadFrame(br)
		if err != nil {
			return
		}
		if f.Header.Masked {
			f = ws.UnmaskFrameInPlace(f)
		}
		c.see(from, f)
	}
}

// see writes one frame down. Pings and pongs that follow one another count as
// one: how many there are is a matter of time. So does a close frame that is
// sent once more, which depends on who notices the end first; see CloseRepeats.
func (c *proxied) see(from int, f ws.Frame) {
	line := fmt.Sprintf("%s %d", opNames[f.Header.OpCode], len(f.Payload))
	switch {
	case f.Header.OpCode == ws.OpClose:
		code, reason := ws.ParseCloseFrameData(f.Payload)
		if code.Empty() {
			code = ws.StatusNoStatusRcvd
		}
		line = fmt.Sprintf("close %d %q", code, reason)
	case !f.Header.Fin:
		line += " unfinished"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	lines := &c.lines[from]
	if n := len(*lines); f.Header.OpCode.IsControl() && n > 0 && (*lines)[n-1] == line {
		if f.Header.OpCode == ws.OpClose {
			c.again++
		}
		return
	}
	*lines = append(*lines, line)
}

// Transcript waits until all connections have ended and returns what passed: a
// line for each frame, from the client with > and from the server with <, by
// connection and then by side. Who spoke first where both spoke is left out.
// Connections in a row on which the same passed are written down once.
func (p *Proxy) Transcript() []string {
	p.t.Helper()
	p.l.Close()
	ended := make(chan struct{})
	go func() {
		p.wg.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(Patience):
		p.t.Fatal("a connection through the proxy has not ended")
	}
	var all []string
	for i := 0; i < len(p.conns); {
		lines, next := p.conns[i].transcript(), i+1
		for next < len(p.conns) && slices.Equal(lines, p.conns[next].transcript()) {
			next++
		}
		name := strconv.Itoa(i + 1)
		if next > i+1 {
			name += "-" + strconv.Itoa(next)
		}
		for _, line := range lines {
			all = append(all, name+" "+line)
		}
		i = next
	}
	return all
}

// CloseRepeats returns how many close frames were sent once more. Nobody may
// read on behind a close frame, so that they mean nothing. Call it after
// Transcript.
func (p *Proxy) CloseRepeats() int {
	n := 0
	for _, c := range p.conns {
		n += c.again
	}
	return n
}

func (c *proxied) transcript() []string {
	lines := []string{c.begun}
	for from, mark := range []string{"> ", "< "} {
		for _, line := range c.lines[from] {
			lines = append(lines, mark+line)
		}
	}
	return lines
}
