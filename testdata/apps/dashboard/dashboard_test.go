package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// start serves a dashboard with two gauges, one of which counts its readings.
func start(t *testing.T) (d *dashboard, base string) {
	t.Helper()
	readings := 0.0
	gauges := []gauge{
		{"answer", func() float64 { return 42 }},
		{"readings", func() float64 { readings++; return readings }},
	}
	d = newDashboard(gauges, slog.New(slog.NewTextHandler(io.Discard, nil)))
	srv := httptest.NewServer(d.routes())
	t.Cleanup(func() {
		d.hangUp()
		srv.Close()
	})
	return d, srv.URL
}

// message holds what the dashboard may say.
type message struct {
	Type    string             `json:"type"`
	Seq     int                `json:"seq"`
	Metrics []string           `json:"metrics"`
	Values  map[string]float64 `json:"values"`
	Error   string             `json:"error"`
}

// watch connects a viewer and reads the greeting.
func watch(t *testing.T, base string) *websocket.Conn {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(base, "http")+"/live", nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	expect(t, conn, message{Type: "hello", Metrics: []string{"answer", "readings"}})
	return conn
}

// expect fails unless the next message is want.
func expect(t *testing.T, conn *websocket.Conn, want message) {
	t.Helper()
	var got message
	conn.SetReadDeadline(time.Now().Add(wireTimeout))
	if err := conn.ReadJSON(&got); err != nil {
		t.Fatalf("read: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

func ask(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// The commands come after the last push: push returns when all is written,
// so at no time do two goroutines write to one connection.
func TestPushesThenCommands(t *testing.T) {
	d, base := start(t)
	viewers := []*websocket.Conn{watch(t, base), watch(t, base), watch(t, base)}

	for seq := 1; seq <= 3; seq++ {
		d.push()
		want := message{Type: "sample", Seq: seq, Values: map[string]float64{"answer": 42, "readings": float64(seq)}}
		for _, conn := range viewers {
			expect(t, conn, want)
		}
	}

	for _, conn := range viewers {
		ask(t, conn, `{"cmd":"ping"}`)
		expect(t, conn, message{Type: "pong"})
	}
	ask(t, viewers[0], `{"cmd":"read"}`)
	expect(t, viewers[0], message{Type: "reading", Values: map[string]float64{"answer": 42, "readings": 4}})
}

func TestBadCommands(t *testing.T) {
	_, base := start(t)
	conn := watch(t, base)
	for _, tt := range []struct{ text, err string }{
		{`{"cmd":"reboot"}`, `unknown command "reboot"`},
		{`{}`, `unknown command ""`},
		{`{"cmd":`, "not a command"},
	} {
		ask(t, conn, tt.text)
		expect(t, conn, message{Type: "error", Error: tt.err})
	}
	ask(t, conn, `{"cmd":"ping"}`)
	expect(t, conn, message{Type: "pong"})
}

func TestTicks(t *testing.T) {
	d, base := start(t)
	conn := watch(t, base)
	ticks := make(chan time.Time)
	stopped := make(chan struct{})
	go func() {
		d.run(ticks)
		close(stopped)
	}()

	ticks <- time.Time{}
	ticks <- time.Time{}
	close(ticks)
	<-stopped
	expect(t, conn, message{Type: "sample", Seq: 1, Values: map[string]float64{"answer": 42, "readings": 1}})
	expect(t, conn, message{Type: "sample", Seq: 2, Values: map[string]float64{"answer": 42, "readings": 2}})
}

// A viewer who has gone costs the others nothing.
func TestViewerLeaves(t *testing.T) {
	d, base := start(t)
	stays, leaves := watch(t, base), watch(t, base)
	leaves.Close()
	for seq := 1; seq <= 5; seq++ {
		d.push()
		expect(t, stays, message{Type: "sample", Seq: seq, Values: map[string]float64{"answer": 42, "readings": float64(seq)}})
	}
}

func TestHangUp(t *testing.T) {
	d, base := start(t)
	p := connect(t, base+"/live")
	p.message(`{"type":"hello","metrics":["answer","readings"]}`)
	d.hangUp() // waits for add to return
	p.ended()
}

func TestCommandTooLong(t *testing.T) {
	_, base := start(t)
	p := connect(t, base+"/live")
	p.message(`{"type":"hello","metrics":["answer","readings"]}`)
	p.write(opText, make([]byte, maxCommandSize+300))
	if code := closeCode(p.until(opClose)); code != 1009 {
		t.Errorf("close code %d, want 1009", code)
	}
	p.ended()
}

// Anybody's page may connect: this is one of the faults on purpose.
func TestForeignOriginIsLetIn(t *testing.T) {
	_, base := start(t)
	_, resp := handshake(t, base+"/live", http.Header{"Origin": {"https://elsewhere.example"}})
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("status %d, want 101", resp.StatusCode)
	}
}

func TestRuntimeMetrics(t *testing.T) {
	gauges := runtimeMetrics(time.Now().Add(-time.Minute))
	values := read(gauges)
	for _, name := range names(gauges) {
		if name != "gc_cycles" && values[name] <= 0 {
			t.Errorf("%s = %v, want more than 0", name, values[name])
		}
	}
	if len(values) != len(gauges) || values["uptime_seconds"] < 60 {
		t.Errorf("values %v", values)
	}
}
