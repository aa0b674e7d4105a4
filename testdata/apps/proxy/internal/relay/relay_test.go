package relay

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// startBackend serves session for each connection that it upgrades.
func startBackend(t *testing.T, session func(conn *websocket.Conn)) *url.URL {
	t.Helper()
	up := websocket.Upgrader{Subprotocols: []string{"v2", "v1"}}
	return startHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, http.Header{"Set-Cookie": {"seen=1"}})
		if err != nil {
			t.Errorf("backend: %v", err)
			return
		}
		defer conn.Close()
		session(conn)
	})
}

// startHTTP serves h on a loopback port and returns its URL, with the scheme
// ws.
func startHTTP(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	u, err := url.Parse("ws" + strings.TrimPrefix(srv.URL, "http"))
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// startRelay serves a relay to backend and returns its URL, with the scheme
// http.
func startRelay(t *testing.T, backend *url.URL) string {
	t.Helper()
	srv := httptest.NewServer(New(Config{Backend: backend, MaxMessage: 1 << 20}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func dial(t *testing.T, base string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/", nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// echo is a session that sends back what it reads.
func echo(conn *websocket.Conn) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, data); err != nil {
			return
		}
	}
}

func TestMessagesPassBothWays(t *testing.T) {
	conn := dial(t, startRelay(t, startBackend(t, echo)))
	for _, text := range []string{"hello", "", "grüße", strings.Repeat("long ", 20_000)} {
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatalf("write: %v", err)
		}
		kind, got, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		if kind != websocket.TextMessage || string(got) != text {
			t.Errorf("message of %d bytes came back as kind %d, %d bytes", len(text), kind, len(got))
		}
	}

	blob := bytes.Repeat([]byte{0xff, 0x00}, 1<<19)
	if err := conn.WriteMessage(websocket.BinaryMessage, blob); err != nil {
		t.Fatalf("write: %v", err)
	}
	kind, got, err := conn.ReadMessage()
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if kind != websocket.BinaryMessage || !bytes.Equal(got, blob) {
		t.Errorf("blob of %d bytes came back as kind %d, %d bytes", len(blob), kind, len(got))
	}
}

func TestManyMessagesInFlight(t *testing.T) {
	const n = 500
	conn := dial(t, startRelay(t, startBackend(t, echo)))
	go func() {
		for i := 0; i < n; i++ {
			if err := conn.WriteMessage(websocket.BinaryMessage, bytes.Repeat([]byte{byte(i)}, i)); err != nil {
				t.Errorf("write %d: %v", i, err)
				return
			}
		}
	}()
	for i := 0; i < n; i++ {
		_, got, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("read %d: %v", i, err)
		}
		if !bytes.Equal(got, bytes.Repeat([]byte{byte(i)}, i)) {
			t.Fatalf("message %d came back with %d bytes", i, len(got))
		}
	}
}

func TestBackendCloses(t *testing.T) {
	backend := startBackend(t, func(conn *websocket.Conn) {
		goodbye := websocket.FormatCloseMessage(4001, "quota used up")
		conn.WriteControl(websocket.CloseMessage, goodbye, time.Now().Add(wireTimeout))
	})
	base := startRelay(t, backend)

	p := connect(t, base)
	if code, reason := p.closeFrame(); code != 4001 || reason != "quota used up" {
		t.Errorf("close frame says %d %q", code, reason)
	}
	p.write(opClose, closePayload(4001, ""))
	p.ended()

	_, _, err := dial(t, base).ReadMessage()
	var ce *websocket.CloseError
	if !errors.As(err, &ce) {
		t.Fatalf("read ended with %v, want a close frame", err)
	}
	if ce.Code != 4001 || ce.Text != "quota used up" {
		t.Errorf("read ended with code %d, text %q", ce.Code, ce.Text)
	}
}

// What the client does to end must reach the backend as the right code.
func TestClientCloses(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(*peer)
		code int
	}{
		{"with code", func(p *peer) { p.write(opClose, closePayload(4002, "done")) }, 4002},
		{"without code", func(p *peer) { p.write(opClose, nil) }, 1005},
		{"without a word", func(p *peer) { p.conn.Close() }, 1001},
	} {
		t.Run(tt.name, func(t *testing.T) {
			codes := make(chan int, 1)
			backend := startBackend(t, func(conn *websocket.Conn) {
				_, _, err := conn.ReadMessage()
				if ce, ok := err.(*websocket.CloseError); ok {
					codes <- ce.Code
				} else {
					t.Errorf("the backend's read ended with %v", err)
					codes <- 0
				}
			})
			p := connect(t, startRelay(t, backend))
			tt.end(p)
			if code := <-codes; code != tt.code {
				t.Errorf("the backend got code %d, want %d", code, tt.code)
			}
		})
	}
}

func TestBackendIsLost(t *testing.T) {
	backend := startBackend(t, func(conn *websocket.Conn) {
		conn.ReadMessage()
		// Returning closes the connection without a close frame.
	})
	p := connect(t, startRelay(t, backend))
	p.write(opText, []byte("hello"))
	if code, _ := p.closeFrame(); code != 1001 {
		t.Errorf("close code %d, want 1001", code)
	}
	p.write(opClose, closePayload(1001, ""))
	p.ended()
}

func TestMessageTooLong(t *testing.T) {
	srv := httptest.NewServer(New(Config{Backend: startBackend(t, echo), MaxMessage: 512}))
	t.Cleanup(srv.Close)
	p := connect(t, srv.URL)
	p.write(opText, bytes.Repeat([]byte("x"), 812))
	if code, _ := p.closeFrame(); code != 1009 {
		t.Errorf("close code %d, want 1009", code)
	}
	p.ended()
}

func TestHeadersPass(t *testing.T) {
	requests := make(chan *http.Request, 1)
	up := websocket.Upgrader{Subprotocols: []string{"v2", "v1"}}
	backend := startHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r.Clone(r.Context())
		conn, err := up.Upgrade(w, r, http.Header{"Set-Cookie": {"seen=1"}})
		if err != nil {
			t.Errorf("backend: %v", err)
			return
		}
		conn.Close()
	})
	base := startRelay(t, backend)

	_, resp := handshake(t, base+"/live/room?x=1", http.Header{
		"Authorization":          {"Bearer 123"},
		"Origin":                 {base},
		"Sec-Websocket-Protocol": {"v1, v2"},
		"X-Forwarded-For":        {"192.0.2.1"},
	})
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("status %d, want 101", resp.StatusCode)
	}
	if got := resp.Header.Get("Sec-WebSocket-Protocol"); got != "v2" {
		t.Errorf("subprotocol %q, want v2", got)
	}
	if got := resp.Header.Get("Set-Cookie"); got != "seen=1" {
		t.Errorf("Set-Cookie %q, want seen=1", got)
	}

	r := <-requests
	if got := r.URL.RequestURI(); got != "/live/room?x=1" {
		t.Errorf("the backend was asked for %q", got)
	}
	for key, want := range map[string]string{
		"Authorization":     "Bearer 123",
		"Origin":            "",
		"X-Forwarded-For":   "192.0.2.1, 127.0.0.1",
		"X-Forwarded-Host":  strings.TrimPrefix(base, "http://"),
		"X-Forwarded-Proto": "http",
	} {
		if got := r.Header.Get(key); got != want {
			t.Errorf("the backend got %s %q, want %q", key, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	echoes := startBackend(t, echo)
	private := startHTTP(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
		http.Error(w, "who are you", http.StatusUnauthorized)
	})
	plain := startHTTP(t, func(w http.ResponseWriter, r *http.Request) {})
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	down := &url.URL{Scheme: "ws", Host: closed.Listener.Addr().String()}

	for _, tt := range []struct {
		name    string
		backend *url.URL
		header  http.Header
		status  int
	}{
		{"foreign origin", echoes, http.Header{"Origin": {"https://elsewhere.example"}}, http.StatusForbidden},
		{"backend refuses", private, nil, http.StatusUnauthorized},
		{"backend does not upgrade", plain, nil, http.StatusBadGateway},
		{"backend is down", down, nil, http.StatusBadGateway},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, resp := handshake(t, startRelay(t, tt.backend), tt.header)
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.backend == private && resp.Header.Get("WWW-Authenticate") == "" {
				t.Error("the challenge is missing")
			}
		})
	}

	resp, err := http.Get(startRelay(t, echoes))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("plain request: status %d, want %d", resp.StatusCode, http.StatusUpgradeRequired)
	}
}
