package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// Message types of both libraries.
const (
	textMessage   = 1
	binaryMessage = 2
	closeMessage  = 8
	pingMessage   = 9
	pongMessage   = 10
)

// A role is which side of a connection the library plays.
type role string

const (
	server role = "server"
	client role = "client"
)

// A scenario is played by both libraries; what they show of themselves must be
// the same, line by line.
type scenario struct {
	name    string
	options options
	in      []interface{} // what the peer sends: frames, or strings of raw bytes
	open    bool          // the peer sends nothing more but keeps the connection open
	only    role          // the role that the scenario is about, if it is about one
	chunk   []int         // sizes of what arrives at once; nil plays whole, by 7 bytes and by single bytes
	play    func(r *run)  // nil reads all messages
}

// run is a library that plays a scenario.
type run struct {
	*library
	t     *testing.T
	role  role
	conn  *scriptConn
	c     wsConn
	lines []string
}

// note adds a line to the transcript.
func (r *run) note(format string, args ...interface{}) {
	r.lines = append(r.lines, fmt.Sprintf(format, args...))
}

// did notes a call with its outcome, and the frames that it sent.
func (r *run) did(call string, outcome ...interface{}) {
	line := call + ":"
	for _, o := range outcome {
		switch o := o.(type) {
		case error:
			line += " " + r.describe(o)
		case []byte:
			line += " " + digest(o)
		case nil:
			line += " ok"
		default:
			line += fmt.Sprintf(" %v", o)
		}
	}
	r.lines = append(r.lines, line)
	r.sent()
}

// sent notes the frames sent since the last look.
func (r *run) sent() {
	for _, f := range dumpFrames(r.conn.takeWritten()) {
		r.lines = append(r.lines, "  sent "+f)
	}
}

// errHandler is for handlers to return.
var errHandler = errors.New("the handler fails")

// errWrite is for writes of the network connection.
var errWrite = errors.New("the network fails")

// describe writes all that users can learn of an error.
func (r *run) describe(err error) string {
	if err == nil {
		return "ok"
	}
	var s string
	if code, reason, ok := r.closeError(err); ok {
		s = fmt.Sprintf("CloseError(%d, %q) %q", code, reason, err)
	} else if name := r.errors[err]; name != "" {
		s = name
	} else {
		switch err {
		case io.EOF, io.ErrUnexpectedEOF, errHandler, errWrite:
			s = "itself "
		}
		if r.isHandshake(err) {
			s = "HandshakeError "
		}
		s += fmt.Sprintf("%q", err.Error())
	}
	if e, ok := err.(net.Error); ok {
		s += fmt.Sprintf(" timeout=%v temporary=%v", e.Timeout(), e.Temporary())
	}
	for target, name := range map[error]string{os.ErrDeadlineExceeded: "deadline", net.ErrClosed: "closed"} {
		if errors.Is(err, target) {
			s += " is " + name
		}
	}
	return s
}

// catch notes the panic of f, if there is one.
func (r *run) catch(f func()) {
	defer func() {
		if v := recover(); v != nil {
			r.note("panic: %v", v)
		}
	}()
	f()
}

// logHandlers makes the default handlers note that they are called.
func (r *run) logHandlers() {
	onPing, onPong, onClose := r.c.PingHandler(), r.c.PongHandler(), r.c.CloseHandler()
	r.c.SetPingHandler(func(s string) error { r.note("on ping %q", s); return onPing(s) })
	r.c.SetPongHandler(func(s string) error { r.note("on pong %q", s); return onPong(s) })
	r.c.SetCloseHandler(func(code int, s string) error { r.note("on close %d %q", code, s); return onClose(code, s) })
}

// read reads one message.
func (r *run) read() error {
	mt, p, err := r.c.ReadMessage()
	if err == nil {
		r.did("read", mt, p)
	} else {
		r.did("read", mt, p == nil, p, err)
	}
	return err
}

// readBlocked is read, and does not look at what another goroutine sends.
func (r *run) readBlocked() {
	mt, p, err := r.c.ReadMessage()
	r.note("read %d %q %s", mt, p, r.describe(err))
}

// readAll reads messages until one fails.
func (r *run) readAll() {
	for r.read() == nil {
	}
}

func (r *run) write(messageType int, data string) {
	r.did(fmt.Sprintf("write %d", messageType), r.c.WriteMessage(messageType, []byte(data)))
}

func (r *run) control(messageType int, data string) {
	r.did(fmt.Sprintf("control %d", messageType), r.c.WriteControl(messageType, []byte(data), time.Now().Add(time.Hour)))
}

func (r *run) nextReader() io.Reader {
	mt, rd, err := r.c.NextReader()
	r.did("next reader", mt, rd != nil, err)
	return rd
}

// readPart reads once into a buffer of n bytes.
func (r *run) readPart(rd io.Reader, n int) error {
	p := make([]byte, n)
	n, err := rd.Read(p)
	r.did("read part", p[:n], err)
	return err
}

// readRest reads the message to its end.
func (r *run) readRest(rd io.Reader) {
	p, err := io.ReadAll(rd)
	r.did("read rest", p, err)
}

func (r *run) nextWriter(messageType int) io.WriteCloser {
	w, err := r.c.NextWriter(messageType)
	r.did(fmt.Sprintf("next writer %d", messageType), err)
	return w
}

func (r *run) writePart(w io.Writer, data string) {
	n, err := w.Write([]byte(data))
	r.did("write part", n, err)
}

func (r *run) closeWriter(w io.Closer) { r.did("close writer", w.Close()) }

func (r *run) close() { r.did("close", r.c.Close()) }

// aftermath shows what still works: the connection's state is more than the
// last error.
func (r *run) aftermath() {
	r.read()
	r.write(textMessage, "after")
	r.control(pingMessage, "after")
	r.close()
	r.read()
	r.write(textMessage, "closed")
	r.close()
}

// encode joins what the peer sends and cuts it into chunks of the size; 0
// leaves it whole.
func (s *scenario) encode(as role, size int) [][]byte {
	var all []byte
	for _, part := range s.in {
		switch part := part.(type) {
		case frame:
			all = append(all, part.encode(as == server)...)
		case string:
			all = append(all, part...)
		default:
			panic(fmt.Sprintf("%s: %T", s.name, part))
		}
	}
	var chunks [][]byte
	for size > 0 && len(all) > size {
		chunks, all = append(chunks, all[:size]), all[size:]
	}
	if len(all) > 0 {
		chunks = append(chunks, all)
	}
	return chunks
}

// transcript plays the scenario with the library.
func (s *scenario) transcript(t *testing.T, l *library, as role, chunk int) []string {
	var atEnd error = io.EOF
	if s.open {
		atEnd = nil
	}
	r := &run{library: l, t: t, role: as, conn: newScriptConn(atEnd, s.encode(as, chunk)...)}
	var err error
	if as == server {
		r.c, err = l.acceptOn(r.conn, s.options)
	} else {
		r.c, err = l.dialOn(r.conn, s.options)
	}
	if err != nil {
		t.Fatalf("%s: handshake: %v", l.name, err)
	}
	defer r.c.Close()
	if s.play == nil {
		r.logHandlers()
		r.readAll()
		r.aftermath()
	} else {
		r.catch(func() { s.play(r) })
		r.sent()
	}
	return r.lines
}

// variants lists the ways to play the scenario.
func (s *scenario) variants() (roles []role, chunks []int) {
	roles, chunks = []role{server, client}, []int{0, 7, 1}
	if s.only != "" {
		roles = []role{s.only}
	}
	if len(s.in) == 0 {
		chunks = []int{0}
	}
	if s.chunk != nil {
		chunks = s.chunk
	}
	return roles, chunks
}

// TestTranscripts plays every scenario with gorilla and with compat, on the
// engine of this process, and compares.
func TestTranscripts(t *testing.T) {
	t.Logf("engine %s", compat.Engine())
	seen, played := newTally(), 0
	all := append(append(append([]scenario(nil), readScenarios()...), writeScenarios()...), deflateScenarios()...)
	all = append(all, reentryScenarios()...)
	names := make(map[string]bool)
	for i := range all {
		s := &all[i]
		if names[s.name] {
			t.Fatalf("two scenarios are called %q", s.name)
		}
		names[s.name] = true
		t.Run(s.name, func(t *testing.T) {
			roles, chunks := s.variants()
			for _, as := range roles {
				for _, chunk := range chunks {
					played++
					want, got := s.transcript(t, gorilla, as, chunk), s.transcript(t, shim, as, chunk)
					seen.compare(t, s.name, fmt.Sprintf("%s, chunks of %d", as, chunk), want, got)
				}
			}
		})
	}
	for _, h := range handshakeScenarios() {
		if names[h.name] {
			t.Fatalf("two scenarios are called %q", h.name)
		}
		names[h.name] = true
		t.Run(h.name, func(t *testing.T) {
			played++
			seen.compare(t, h.name, "", h.play(t, gorilla), h.play(t, shim))
		})
	}
	t.Logf("%d scenarios, played in %d ways", len(names), played)
	seen.checkNeeded(t, names)
}

// TestOnNhooyr runs the tests of one engine in a process of its own, where the
// environment selects the default engine: this one has coder.
func TestOnNhooyr(t *testing.T) {
	if compat.Engine() == "nhooyr" {
		t.Skip("TestTranscripts is on nhooyr already")
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestTranscripts$", "-test.v")
	cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
	out, err := cmd.CombinedOutput()
	if !bytes.Contains(out, []byte("engine nhooyr")) {
		t.Error("the process was not on nhooyr")
	}
	if err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "=== ") || strings.Contains(line, "--- PASS") {
			continue
		}
		if err != nil || strings.Contains(line, "scenarios, played") {
			t.Log(line)
		}
	}
}
