package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// startChat serves a room on a loopback port and returns its URL, with the
// scheme http.
func startChat(t *testing.T, opts options) (*hub, string) {
	t.Helper()
	h := newHub(opts)
	go h.run()
	srv := httptest.NewServer(newMux(h))
	t.Cleanup(func() {
		h.shutdown()
		srv.Close()
	})
	return h, srv.URL
}

// member is somebody in the room who uses the library's client.
type member struct {
	t     *testing.T
	ws    *websocket.Conn
	lines []string // received, not yet asked for
}

// dial connects name, who has read nothing yet.
func dial(t *testing.T, base, name string) *member {
	t.Helper()
	u := "ws" + strings.TrimPrefix(base, "http") + "/ws?name=" + url.QueryEscape(name)
	ws, _, err := websocket.DefaultDialer.Dial(u, nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { ws.Close() })
	return &member{t: t, ws: ws}
}

// enter connects name, who finds a room without history.
func enter(t *testing.T, base, name string) *member {
	t.Helper()
	m := dial(t, base, name)
	m.expect("* " + name + " joined")
	return m
}

func (m *member) say(text string) {
	m.t.Helper()
	if err := m.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		m.t.Fatalf("write: %v", err)
	}
}

func (m *member) read() ([]byte, error) {
	m.ws.SetReadDeadline(time.Now().Add(wireTimeout))
	_, text, err := m.ws.ReadMessage()
	return text, err
}

// expect fails unless the next lines are want.
func (m *member) expect(want ...string) {
	m.t.Helper()
	for _, line := range want {
		for len(m.lines) == 0 {
			text, err := m.read()
			if err != nil {
				m.t.Fatalf("wait for %q: %v", line, err)
			}
			m.lines = strings.Split(string(text), "\n")
		}
		if m.lines[0] != line {
			m.t.Fatalf("got line %q, want %q", m.lines[0], line)
		}
		m.lines = m.lines[1:]
	}
}

func TestConversation(t *testing.T) {
	_, base := startChat(t, options{})
	ann := enter(t, base, "ann")
	bob := enter(t, base, "bob")
	ann.expect("* bob joined")

	ann.say("hello")
	ann.expect("ann: hello")
	bob.expect("ann: hello")

	bob.say("  two\nlines \n")
	bob.say(" \n ") // nothing to say
	bob.say("bye")
	ann.expect("bob: two lines", "bob: bye")

	bob.ws.Close()
	ann.expect("* bob left")
}

func TestHistory(t *testing.T) {
	_, base := startChat(t, options{history: 2})
	ann := enter(t, base, "ann")
	for _, text := range []string{"one", "two", "three"} {
		ann.say(text)
	}
	ann.expect("ann: one", "ann: two", "ann: three")

	bob := dial(t, base, "bob")
	bob.expect("ann: two", "ann: three", "* bob joined")
}

func TestShutdownTellsMembers(t *testing.T) {
	h, base := startChat(t, options{})
	ann := enter(t, base, "ann")
	p := connect(t, base+"/ws?name=raw")
	p.line("* raw joined")
	ann.expect("* raw joined")

	stopped := make(chan struct{})
	go func() {
		h.shutdown()
		close(stopped)
	}()

	_, err := ann.read()
	if !websocket.IsCloseError(err, websocket.CloseNoStatusReceived) {
		t.Errorf("ann's read ended with %v, want an empty close frame", err)
	}
	payload := p.until(opClose)
	if len(payload) != 0 {
		t.Errorf("close frame carries %q, want nothing", payload)
	}
	p.write(opClose, payload)
	p.ended()
	<-stopped

	late, resp := handshake(t, base+"/ws?name=late", nil)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		late.ended()
	}
}

// Who answers pings may stay silent for longer than pongWait.
func TestPingsKeepAlive(t *testing.T) {
	opts := options{pongWait: 2 * time.Second, pingPeriod: 20 * time.Millisecond}
	_, base := startChat(t, opts)
	p := connect(t, base+"/ws?name=raw")
	for start := time.Now(); time.Since(start) < opts.pongWait+opts.pongWait/4; {
		p.write(opPong, p.until(opPing))
	}
	p.write(opText, []byte("still here"))
	p.line("raw: still here")
}

func TestAnswersPing(t *testing.T) {
	_, base := startChat(t, options{})
	p := connect(t, base+"/ws?name=raw")
	p.write(opPing, []byte("are you there"))
	if got := p.until(opPong); string(got) != "are you there" {
		t.Errorf("pong carries %q", got)
	}
}

func TestSilentPeerIsCut(t *testing.T) {
	_, base := startChat(t, options{pongWait: 200 * time.Millisecond, pingPeriod: 50 * time.Millisecond})
	p := connect(t, base+"/ws?name=ghost")
	p.until(opPing)
	p.ended()
}

func TestReadLimit(t *testing.T) {
	_, base := startChat(t, options{})
	ann := enter(t, base, "ann")
	p := connect(t, base+"/ws?name=raw")
	ann.expect("* raw joined")

	longest := bytes.Repeat([]byte("x"), maxMessageSize)
	p.write(opText, longest)
	ann.expect("raw: " + string(longest))

	p.write(opText, bytes.Repeat([]byte("x"), maxMessageSize+300))
	if code := closeCode(p.until(opClose)); code != 1009 {
		t.Errorf("close code %d, want 1009", code)
	}
	ann.expect("* raw left")
}

func TestCloseHandshake(t *testing.T) {
	_, base := startChat(t, options{})
	ann := enter(t, base, "ann")
	p := connect(t, base+"/ws?name=raw")
	ann.expect("* raw joined")

	p.write(opClose, []byte{0x03, 0xE8}) // 1000
	if code := closeCode(p.until(opClose)); code != 1000 {
		t.Errorf("close code %d, want 1000", code)
	}
	p.ended()
	ann.expect("* raw left")
}

func TestOrigin(t *testing.T) {
	_, base := startChat(t, options{})
	for _, tt := range []struct {
		origin string
		status int
	}{
		{"https://elsewhere.example", http.StatusForbidden},
		{base, http.StatusSwitchingProtocols},
		{"", http.StatusSwitchingProtocols}, // not a browser
	} {
		header := http.Header{}
		if tt.origin != "" {
			header.Set("Origin", tt.origin)
		}
		_, resp := handshake(t, base+"/ws", header)
		if resp.StatusCode != tt.status {
			t.Errorf("Origin %q: status %d, want %d", tt.origin, resp.StatusCode, tt.status)
		}
	}
}

func TestHomePage(t *testing.T) {
	_, base := startChat(t, options{})
	resp, err := http.Get(base)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !bytes.Contains(page, []byte("new WebSocket(")) {
		t.Errorf("status %d, page %q", resp.StatusCode, page)
	}
}
