package conformance_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestCycles connects, echoes and closes again and again, with gorilla and with
// compat on each engine, one process each: half of the connections with a closing
// handshake, half without. No goroutine and no file stays, and no objects
// that grow with the number of connections. Memory is reported, beside gorilla's.
//
// WSMIGRATE_CYCLES is the number of connections in a process, WSMIGRATE_ROUNDS how
// many processes there are for each library.
func TestCycles(t *testing.T) {
	if os.Getenv(cyclesLibrary) != "" {
		t.Skip("this is the process for one library")
	}
	rounds := 1
	if s := os.Getenv("WSMIGRATE_ROUNDS"); s != "" {
		rounds, _ = strconv.Atoi(s)
	}
	growth := make(map[string][]float64) // of memory, in bytes a connection
	for range rounds {
		for _, name := range []string{"gorilla", "nhooyr", "coder"} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestCyclesOfOne$", "-test.v", "-test.timeout="+timeLeft(t))
			cmd.Env = append(os.Environ(), cyclesLibrary+"="+name, "WSMIGRATE_ENGINE="+name)
			out, err := cmd.CombinedOutput()
			report := ""
			for _, line := range strings.Split(string(out), "\n") {
				if strings.HasPrefix(line, "cycles: ") {
					report = line
				}
			}
			if err != nil || report == "" {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
			t.Log(report)
			slope, err := strconv.ParseFloat(report[strings.LastIndex(report, " ")+1:], 64)
			if err != nil {
				t.Fatal(err)
			}
			growth[name] = append(growth[name], slope)
		}
	}
	for _, name := range []string{"gorilla", "nhooyr", "coder"} {
		if rounds == 1 {
			break
		}
		g := growth[name]
		sort.Float64s(g)
		t.Logf("resident memory of %s: median %+.2f bytes a connection, from %+.2f to %+.2f in %d rounds", name, g[len(g)/2], g[0], g[len(g)-1], rounds)
	}
}

// cyclesLibrary is the environment variable that makes a process one of TestCycles.
const cyclesLibrary = "WSMIGRATE_CYCLES_LIBRARY"

// TestCyclesOfOne is the process of one library.
func TestCyclesOfOne(t *testing.T) {
	name := os.Getenv(cyclesLibrary)
	if name == "" {
		t.Skip("TestCycles starts it")
	}
	l := cyclesOfGorilla
	if name != "gorilla" {
		if l = cyclesOfCompat; compat.Engine() != name {
			t.Fatalf("the engine is %s", compat.Engine())
		}
	}
	total := 600
	if s := os.Getenv("WSMIGRATE_CYCLES"); s != "" {
		total, _ = strconv.Atoi(s)
	}
	c := newCycles(t, l)
	warm := max(total/10, 300)
	c.do(warm)
	before := measure()
	const points = 9
	var x, y []float64
	for i := range points {
		c.do(total*(i+1)/points - total*i/points)
		x = append(x, float64(total*(i+1)/points))
		y = append(y, measure().resident)
	}
	after := settle(before)
	// Before, one of the connections may still have been ending.
	if after.goroutines > before.goroutines || after.files > before.files {
		t.Errorf("goroutines %d, then %d; files %d, then %d", before.goroutines, after.goroutines, before.files, after.files)
	}
	// Pools and the runtime keep some, however many connections there were.
	if more := after.objects - before.objects; more > int64(200+total/50) {
		t.Errorf("%d objects more after %d connections", more, total)
	}
	c.close()
	fmt.Printf("cycles: %s: %d connections, %d closed abruptly: goroutines %d -> %d, files %d -> %d, objects %d -> %d, resident KiB %.0f -> %.0f, bytes a connection %+.2f\n",
		name, warm+total, c.abrupt.Load(), before.goroutines, after.goroutines, before.files, after.files, before.objects, after.objects,
		before.resident/1024, after.resident/1024, slope(x, y))
}

// figures are what a process has at a time.
type figures struct {
	goroutines, files int
	objects           int64
	resident          float64 // bytes; 0 where the system does not tell
}

func measure() (f figures) {
	for range 3 {
		runtime.GC() // finalizers make more garbage, and pools keep theirs once
	}
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f.goroutines, f.objects = runtime.NumGoroutine(), int64(m.HeapObjects)
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		f.files = len(files) - 1 // without the folder itself
	}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, resident float64
		_, _ = fmt.Sscan(string(statm), &size, &resident)
		f.resident = resident * float64(os.Getpagesize())
	}
	return f
}

// settle waits until there are no more goroutines and files than before: what was
// closed or dropped ends on goroutines of its own.
func settle(before figures) figures {
	after := measure()
	for try := 0; try < 200 && (after.goroutines > before.goroutines || after.files > before.files); try++ {
		time.Sleep(20 * time.Millisecond)
		after = measure()
	}
	return after
}

// slope is that of the line through the points, by least squares.
func slope(x, y []float64) float64 {
	var sx, sy, sxx, sxy float64
	n := float64(len(x))
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// cyclesOf is a library to do cycles with.
type cyclesOf struct {
	upgrade func(w http.ResponseWriter, r *http.Request) (conn, error)
	dial    func(url string) (conn, error)
}

var cyclesOfGorilla = cyclesOf{
	func(w http.ResponseWriter, r *http.Request) (conn, error) {
		return (&gorilla.Upgrader{EnableCompression: true}).Upgrade(w, r, nil)
	},
	func(url string) (conn, error) {
		c, _, err := (&gorilla.Dialer{EnableCompression: url[len(url)-1]%2 == 0}).Dial(url, nil)
		return c, err
	},
}

var cyclesOfCompat = cyclesOf{
	func(w http.ResponseWriter, r *http.Request) (conn, error) {
		return (&compat.Upgrader{EnableCompression: true}).Upgrade(w, r, nil)
	},
	func(url string) (conn, error) {
		c, _, err := (&compat.Dialer{EnableCompression: url[len(url)-1]%2 == 0}).Dial(url, nil)
		return c, err
	},
}

// Ways for a connection to end.
const (
	clientCloses = iota
	serverCloses
	clientClosesAtOnce // and does not wait for the answer
	serverClosesAtOnce
	clientResets
	serverResets
	clientCutsMessage
	serverCutsMessage
	ends
)

// cycles are connections of one library to itself.
type cycles struct {
	t       *testing.T
	l       cyclesOf
	server  *http.Server
	addrs   []string
	next    atomic.Int64
	abrupt  atomic.Int64
	serving sync.WaitGroup
}

func newCycles(t *testing.T, l cyclesOf) *cycles {
	c := &cycles{t: t, l: l}
	c.server = &http.Server{Handler: http.HandlerFunc(c.serve)}
	// Closed connections keep their ports for a while, one address at a time.
	addrs := 8
	if runtime.GOOS != "linux" {
		addrs = 1
	}
	for i := range addrs {
		ln, err := net.Listen("tcp", fmt.Sprintf("127.0.0.%d:0", 1+i))
		if err != nil {
			t.Fatal(err)
		}
		c.addrs = append(c.addrs, ln.Addr().String())
		c.serving.Go(func() { _ = c.server.Serve(ln) })
	}
	return c
}

func (c *cycles) close() {
	c.server.Close()
	c.serving.Wait()
}

// do makes n connections, a few at a time, and waits for their ends.
func (c *cycles) do(n int) {
	c.t.Helper()
	var left atomic.Int64
	left.Store(int64(n))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for left.Add(-1) >= 0 && !c.t.Failed() {
				if err := c.one(c.next.Add(1)); err != nil {
					c.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// one makes a connection, has messages come back, and ends it.
func (c *cycles) one(i int64) error {
	end := int(i % ends)
	ws, err := c.l.dial(fmt.Sprintf("ws://%s/%d", c.addrs[i/ends%int64(len(c.addrs))], end))
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	defer ws.Close()
	text := letters[:1+i%3000]
	if err := ws.WriteMessage(gorilla.TextMessage, []byte(text)); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, p, err := ws.ReadMessage(); string(p) != text || err != nil {
		return fmt.Errorf("read %d bytes of %d: %w", len(p), len(text), err)
	}
	if err := ws.WriteMessage(gorilla.TextMessage, nil); err != nil { // the server may end it now
		return fmt.Errorf("write: %w", err)
	}
	if end >= clientResets {
		c.abrupt.Add(1)
	}
	return finish(ws, end, end == clientCloses, end == clientClosesAtOnce, end == clientResets, end == clientCutsMessage)
}

// serve echoes until an empty message.
func (c *cycles) serve(w http.ResponseWriter, r *http.Request) {
	ws, err := c.l.upgrade(w, r)
	if err != nil {
		c.t.Errorf("upgrade: %v", err)
		return
	}
	defer ws.Close()
	end, _ := strconv.Atoi(r.URL.Path[1:])
	for {
		mt, p, err := ws.ReadMessage()
		if err == nil && len(p) > 0 {
			err = ws.WriteMessage(mt, p)
		}
		if err != nil {
			c.t.Errorf("echo: %v", err)
			return
		}
		if len(p) == 0 {
			break
		}
	}
	if err := finish(ws, end, end == serverCloses, end == serverClosesAtOnce, end == serverResets, end == serverCutsMessage); err != nil {
		c.t.Error(err)
	}
}

// finish ends a connection in one of the ways, or waits until the peer has done so.
func finish(ws conn, end int, closes, atOnce, resets, cuts bool) error {
	switch {
	case closes, atOnce:
		if err := ws.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(gorilla.CloseNormalClosure, "bye"), time.Now().Add(time.Minute)); err != nil {
			return fmt.Errorf("close: %w", err)
		}
		if atOnce {
			return nil
		}
	case resets:
		return ws.NetConn().(*net.TCPConn).SetLinger(0)
	case cuts:
		w, err := ws.NextWriter(gorilla.BinaryMessage)
		if err == nil {
			_, err = io.WriteString(w, letters[:10000]) // more than the buffer
		}
		return err
	}
	for {
		_, _, err := ws.ReadMessage()
		if err == nil {
			continue
		}
		var reset *net.OpError
		clean := gorilla.IsCloseError(err, gorilla.CloseNormalClosure) || compat.IsCloseError(err, compat.CloseNormalClosure)
		cut := gorilla.IsCloseError(err, gorilla.CloseAbnormalClosure) || compat.IsCloseError(err, compat.CloseAbnormalClosure)
		if end < clientResets && clean || end >= clientResets && (cut || errors.As(err, &reset)) {
			return nil
		}
		return fmt.Errorf("end %d: %w", end, err)
	}
}
