package feed

import (
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// visit is one connection to the test server, after its first request.
type visit struct {
	t         *testing.T
	conn      *websocket.Conn
	subscribe request
}

// server is a feed over TLS whose connections follow a script: the n-th one
// is served by the n-th function. Where there is none, or it is nil, the
// handshake is refused with 503.
type server struct {
	t      *testing.T
	http   *httptest.Server
	script []func(*visit)

	mu     sync.Mutex
	visits int
	open   sync.WaitGroup
}

var (
	upgrader      = websocket.Upgrader{Subprotocols: []string{subprotocol}}
	plainUpgrader = websocket.Upgrader{}
)

func startServer(t *testing.T, script ...func(*visit)) *server {
	t.Helper()
	s := &server{t: t, script: script}
	s.http = httptest.NewUnstartedServer(s)
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes fail on purpose
	s.http.StartTLS()
	t.Cleanup(func() {
		s.http.Close()
		s.open.Wait()
	})
	return s
}

// config is a configuration that reaches the server, and gives up after the
// attempts whose count is the length of waits.
func (s *server) config(waits *[]int, attempts int) Config {
	return testConfig("wss"+strings.TrimPrefix(s.http.URL, "https")+"/events", s.http, waits, attempts)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer secret" {
		http.Error(w, "token expired", http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	n := s.visits
	s.visits++
	s.mu.Unlock()
	if n >= len(s.script) || s.script[n] == nil {
		http.Error(w, "try later", http.StatusServiceUnavailable)
		return
	}

	s.open.Add(1)
	defer s.open.Done()
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		s.t.Errorf("server: %v", err)
		return
	}
	defer conn.Close()
	v := &visit{t: s.t, conn: conn}
	if err := conn.ReadJSON(&v.subscribe); err != nil {
		s.t.Errorf("server: read subscription: %v", err)
		return
	}
	if v.subscribe.Op != "subscribe" {
		s.t.Errorf("server: first request is %+v", v.subscribe)
	}
	s.script[n](v)
}

// send writes one event without waiting for its acknowledgement.
func (v *visit) send(ev Event) {
	if err := v.conn.WriteJSON(ev); err != nil {
		v.t.Errorf("server: send event %d: %v", ev.ID, err)
	}
}

// deliver sends events and waits until each is acknowledged.
func (v *visit) deliver(events ...Event) {
	for _, ev := range events {
		v.send(ev)
		_, p, err := v.conn.ReadMessage()
		if err != nil {
			v.t.Errorf("server: wait for ack of %d: %v", ev.ID, err)
			return
		}
		var ack request
		if err := json.Unmarshal(p, &ack); err != nil {
			v.t.Errorf("server: ack of %d: %v", ev.ID, err)
			return
		}
		if ack.Op != "ack" || ack.ID != ev.ID {
			v.t.Errorf("server: got %+v instead of the ack of %d", ack, ev.ID)
		}
	}
}

// end closes the connection with code.
func (v *visit) end(code int) {
	v.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(patience))
}

// closed reads until the client has closed the connection, and returns the
// code that it gave.
func (v *visit) closed() int {
	_, _, err := v.conn.ReadMessage()
	switch {
	case websocket.IsCloseError(err, websocket.CloseNormalClosure):
		return 1000
	case websocket.IsCloseError(err, websocket.CloseMessageTooBig):
		return 1009
	}
	v.t.Errorf("server: the connection ended with %v", err)
	return 0
}
