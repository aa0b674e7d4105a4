package conformance_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// soakTime is how long each soak test goes on writing, from WSMIGRATE_SOAK.
// Without it they write a fixed number of messages.
func soakTime(t *testing.T) time.Duration {
	s := os.Getenv("WSMIGRATE_SOAK")
	if s == "" {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSoakOnNhooyr runs the soak tests with the other engine, in a process of
// their own.
func TestSoakOnNhooyr(t *testing.T) {
	if compat.Engine() == "nhooyr" {
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestSoak[A-Z]", "-test.v", "-test.timeout="+timeLeft(t))
	cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestSoakWriters") {
		t.Errorf("%v\n%s", err, out)
	} else if soakTime(t) > 0 {
		t.Logf("%s", out)
	}
}

// timeLeft is the timeout for tests in another process, which is not to outlive
// this one.
func timeLeft(t *testing.T) string {
	if end, ok := t.Deadline(); ok {
		return time.Until(end).String()
	}
	return "0"
}

// TestSoakWriters has 100 goroutines write to one connection in every way there
// is, while others change its settings, one reads, and the peer writes too.
// gorilla at the other end gets every message once and whole, and what each
// goroutine sent in order: messages, pings and pongs.
//
// A message in pieces is ended by the next message, as in gorilla. So some of
// these are written under a lock of the program's, and arrive whole; others are
// not, and then exactly those pieces arrive whose Write succeeded.
func TestSoakWriters(t *testing.T) {
	for _, server := range []bool{true, false} {
		for _, compress := range []bool{false, true} {
			t.Run(fmt.Sprintf("server=%v,compress=%v", server, compress), func(t *testing.T) {
				s := newSoak(t, server, compress)
				s.run()
			})
		}
	}
}

const (
	soakWriters  = 100
	soakMessages = soakKinds // of each writer, when it is not for a time
)

// Ways of writing.
const (
	soakText = iota
	soakBinary
	soakJSON
	soakPrepared
	soakShared      // a prepared message that all goroutines send
	soakPing        // by WriteControl
	soakPong        // by WriteControl
	soakPingMessage // by WriteMessage
	soakStream      // by NextWriter, under a lock
	soakCopy        // by NextWriter and its ReadFrom, under a lock
	soakCut         // by NextWriter, without
	soakCutCopy     // by NextWriter and its ReadFrom, without
	soakKinds
)

// delivery is how much of a goroutine's message was written, or received.
type delivery struct{ message, bytes int }

// soak is a connection of compat with many writers.
type soak struct {
	t      *testing.T
	ours   *compat.Conn
	theirs *gorilla.Conn
	shared []*compat.PreparedMessage

	// whole is the program's lock: written messages hold it for reading, and
	// one in pieces that no other shall end for writing.
	whole sync.RWMutex

	sentEmpty  atomic.Int64 // messages in pieces that were ended before the first
	sentShared [4]atomic.Int64

	turns    chan struct{} // lets a controller write
	received chan struct{} // that something was received; the peer's writes go by it

	// What the peer received. Its handlers run in its reading goroutine.
	got       [soakWriters][]delivery
	gotEmpty  int64
	gotShared [4]int64
	reading   bool // inside the read of a message
	between   int  // control frames between fragments
	pongs     int  // number of the last pong to a ping of the peer
}

func newSoak(t *testing.T, server, compress bool) *soak {
	ours, theirs := connectOver(t, compatLibrary, gorillaLibrary, server, connOptions{compress: compress, writeBuffer: 700, pool: server})
	s := &soak{t: t, ours: ours.(*compat.Conn), theirs: theirs.(*gorilla.Conn), turns: make(chan struct{}), received: make(chan struct{}, 1)}
	for i := range s.sentShared {
		pm, err := compat.NewPreparedMessage(compat.TextMessage, []byte(sharedText(i)))
		if err != nil {
			t.Fatal(err)
		}
		s.shared = append(s.shared, pm)
	}
	return s
}

func (s *soak) run() {
	end := time.Now().Add(soakTime(s.t))
	more := func(i int) bool { return i < soakMessages }
	if soakTime(s.t) > 0 {
		more = func(int) bool { return time.Now().Before(end) }
	}
	var sent [soakWriters][]delivery
	var writers, controllers, others sync.WaitGroup
	for w := range sent {
		if isController(w) {
			controllers.Go(func() { sent[w] = s.write(w, func(int) bool { _, ok := <-s.turns; return ok }) })
		} else {
			writers.Go(func() { sent[w] = s.write(w, more) })
		}
	}
	stop, stopped := make(chan struct{}), make(chan int)
	go func() { stopped <- s.peerWrites(stop) }()
	others.Go(s.peerReads)
	read := 0
	others.Go(func() { read = s.reads() })

	writers.Wait()
	close(s.turns)
	controllers.Wait()
	close(stop)
	written := <-stopped
	if err := s.ours.WriteControl(compat.CloseMessage, nil, time.Time{}); err != nil {
		s.t.Error(err)
	}
	others.Wait()

	messages, bytes, cut := 0, 0, 0
	for w := range sent {
		if !reflect.DeepEqual(sent[w], s.got[w]) {
			s.t.Errorf("goroutine %d: %s", w, firstDifference(sent[w], s.got[w]))
		}
		for _, d := range s.got[w] {
			messages++
			bytes += d.bytes
			if d.bytes < len(soakPayload(w, d.message)) {
				cut++
			}
		}
	}
	if sent := s.sentEmpty.Load(); sent != s.gotEmpty {
		s.t.Errorf("%d empty messages, want %d", s.gotEmpty, sent)
	}
	for i := range s.sentShared {
		if sent := s.sentShared[i].Load(); sent != s.gotShared[i] {
			s.t.Errorf("shared prepared message %d arrived %d times, want %d", i, s.gotShared[i], sent)
		}
		messages += int(s.gotShared[i])
	}
	if s.between == 0 {
		s.t.Error("no control frame arrived between fragments")
	}
	if read != written {
		s.t.Errorf("read %d messages of the peer, want %d", read, written)
	}
	s.t.Logf("engine %s: %d messages of %d bytes, %d control frames between fragments, %d cut short, %d empty; %d messages read, %d pings answered",
		compat.Engine(), messages, bytes, s.between, cut, s.gotEmpty, read, s.pongs)
}

func firstDifference(want, got []delivery) string {
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return fmt.Sprintf("delivery %d is %+v, want %+v", i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d deliveries, want %d", len(got), len(want))
}

// isController reports whether a goroutine sends control frames alone. It does so
// when another has written something, a piece of a message most often.
func isController(w int) bool { return w%20 == 0 }

// turn lets a controller send a frame, if one is idle.
func (s *soak) turn() {
	select {
	case s.turns <- struct{}{}:
	default:
	}
	runtime.Gosched()
}

// soakKind is how a goroutine writes a message: in all ways, in turns.
func soakKind(w, i int) int {
	if isController(w) {
		return soakPing + i%2
	}
	return (5*w + i) % soakKinds
}

var letters = func() string {
	b := make([]byte, 1<<17)
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyzABCDEF"[(i*i>>3^i>>5)&31]
	}
	return string(b)
}()

// soakPayload is the i-th message of goroutine w.
func soakPayload(w, i int) string {
	head := fmt.Sprintf("%d %d ", w, i)
	size := [...]int{0, 10, 100, 600, 700, 800, 1500, 4200}[(w+i*3)%8]
	switch kind := soakKind(w, i); {
	case kind == soakPing || kind == soakPong || kind == soakPingMessage:
		size %= 100
	case (w+i)%101 == 0:
		size = 70000
	}
	from := (w*7919 + i*104729) % (len(letters) - size)
	return head + letters[from:from+size]
}

func sharedText(i int) string { return fmt.Sprintf("shared %d %s", i, letters[i:i+3000*i]) }

// write is the goroutine w. It returns what the peer has to receive of it.
func (s *soak) write(w int, more func(i int) bool) (sent []delivery) {
	for i := 0; more(i); i++ {
		n, err := s.writeOne(w, i)
		if err != nil {
			s.t.Errorf("goroutine %d, message %d: %v", w, i, err)
			return sent
		}
		if n > 0 {
			sent = append(sent, delivery{i, n})
		}
		s.set(w + i)
	}
	return sent
}

// set changes settings, to values with which everything still arrives.
func (s *soak) set(i int) {
	s.ours.EnableWriteCompression(i%3 > 0)
	_ = s.ours.SetWriteDeadline(time.Now().Add(time.Hour))
	switch i % 20 {
	case 0:
		_ = s.ours.SetCompressionLevel(i/20%12 - 2)
	case 5:
		_ = s.ours.SetReadDeadline(time.Now().Add(time.Hour))
		s.ours.SetReadLimit(1 << 20)
	case 10:
		s.ours.SetPingHandler(nil)
		s.ours.SetPongHandler(nil)
		s.ours.SetCloseHandler(nil)
	}
}

// writeOne writes a message and returns how much of it the peer gets under the
// goroutine's name.
func (s *soak) writeOne(w, i int) (int, error) {
	text := soakPayload(w, i)
	switch kind := soakKind(w, i); kind {
	case soakPing:
		return len(text), s.ours.WriteControl(compat.PingMessage, []byte(text), time.Time{})
	case soakPong:
		return len(text), s.ours.WriteControl(compat.PongMessage, []byte(text), time.Now().Add(time.Hour))
	case soakStream, soakCopy:
		s.whole.Lock()
		defer s.whole.Unlock()
		n, err := s.stream(kind == soakCopy, text)
		if err == nil && n < len(text) {
			err = fmt.Errorf("wrote %d bytes of %d", n, len(text))
		}
		return n, err
	}
	s.whole.RLock()
	defer s.whole.RUnlock()
	switch kind := soakKind(w, i); kind {
	case soakText:
		return len(text), s.ours.WriteMessage(compat.TextMessage, []byte(text))
	case soakBinary:
		return len(text), s.ours.WriteMessage(compat.BinaryMessage, []byte(text))
	case soakPingMessage:
		return len(text), s.ours.WriteMessage(compat.PingMessage, []byte(text))
	case soakJSON:
		return len(text), s.ours.WriteJSON(text)
	case soakPrepared:
		pm, err := compat.NewPreparedMessage(compat.BinaryMessage, []byte(text))
		if err != nil {
			return 0, err
		}
		return len(text), s.ours.WritePreparedMessage(pm)
	case soakShared:
		s.sentShared[i%len(s.shared)].Add(1)
		return 0, s.ours.WritePreparedMessage(s.shared[i%len(s.shared)])
	default:
		n, err := s.stream(kind == soakCutCopy, text)
		if err != nil && err.Error() == "websocket: write closed" {
			err = nil
		}
		if n == 0 {
			s.sentEmpty.Add(1)
		}
		return n, err
	}
}

// stream writes a message in pieces and returns how much of it succeeded.
func (s *soak) stream(copy bool, text string) (n int, err error) {
	w, err := s.ours.NextWriter(compat.TextMessage)
	if err != nil {
		s.t.Error(err)
		return 0, err
	}
	if copy {
		k, err := io.Copy(w, yielding{s, strings.NewReader(text)})
		if err != nil {
			return int(k), err
		}
		return int(k), w.Close()
	}
	const piece = 250 // has the head of the message in it
	for n < len(text) {
		write := func(s string) (int, error) { return w.Write([]byte(s)) }
		if sw, ok := w.(io.StringWriter); ok && n/piece%2 == 0 {
			write = sw.WriteString
		}
		k, err := write(text[n:min(n+piece, len(text))])
		n += k
		if err != nil {
			return n, err
		}
		s.turn()
	}
	return n, w.Close()
}

// yielding lets other goroutines run during a Read, and has no other methods.
type yielding struct {
	s *soak
	r io.Reader
}

func (y yielding) Read(p []byte) (int, error) {
	n, err := y.r.Read(p)
	y.s.turn()
	return n, err
}

// reads reads the peer's messages until it closes.
func (s *soak) reads() (messages int) {
	for {
		_, p, err := s.ours.ReadMessage()
		if compat.IsCloseError(err, compat.CloseNoStatusReceived) {
			return messages
		}
		if err != nil {
			s.t.Error(err)
			return messages
		}
		if want := peerText(messages); string(p) != want {
			s.t.Errorf("read %.40q, want %.40q", p, want)
			return messages
		}
		messages++
	}
}

func peerText(i int) string { return fmt.Sprintf("%d %s", i, letters[:i*37%3000]) }

// peerWrites writes messages, and pings that have to be answered, at the pace of
// what it receives.
func (s *soak) peerWrites(stop <-chan struct{}) (messages int) {
	for {
		select {
		case <-stop:
			return messages
		case <-s.received:
		}
		if err := s.theirs.WriteMessage(gorilla.TextMessage, []byte(peerText(messages))); err != nil {
			s.t.Error(err)
			return messages
		}
		messages++
		if err := s.theirs.WriteControl(gorilla.PingMessage, []byte("peer "+strconv.Itoa(messages)), time.Time{}); err != nil {
			s.t.Error(err)
			return messages
		}
	}
}

// peerReads notes what arrives.
func (s *soak) peerReads() {
	s.theirs.SetPingHandler(func(text string) error {
		s.receiveControl(text, soakPing, soakPingMessage)
		return nil
	})
	s.theirs.SetPongHandler(func(text string) error {
		if number, ok := strings.CutPrefix(text, "peer "); ok {
			if n, err := strconv.Atoi(number); err != nil || n <= s.pongs {
				s.t.Errorf("pong %q after %d", text, s.pongs)
			} else {
				s.pongs = n
			}
			return nil
		}
		s.receiveControl(text, soakPong)
		return nil
	})
	for {
		messageType, r, err := s.theirs.NextReader()
		if gorilla.IsCloseError(err, gorilla.CloseNoStatusReceived) {
			return
		}
		var p []byte
		if err == nil {
			s.reading = true
			p, err = io.ReadAll(r)
			s.reading = false
		}
		if err != nil {
			s.t.Error(err)
			return
		}
		s.receive(messageType, string(p))
		select {
		case s.received <- struct{}{}:
		default:
		}
	}
}

func (s *soak) receiveControl(text string, kinds ...int) {
	if s.reading {
		s.between++
	}
	w, i := s.author(text)
	if w < 0 {
		return
	}
	for _, kind := range kinds {
		if kind == soakKind(w, i) && text == soakPayload(w, i) {
			s.got[w] = append(s.got[w], delivery{i, len(text)})
			return
		}
	}
	s.t.Errorf("control frame %q", text)
}

func (s *soak) receive(messageType int, text string) {
	if text == "" {
		s.gotEmpty++
		return
	}
	if strings.HasPrefix(text, "shared ") {
		for i := range s.gotShared {
			if text == sharedText(i) {
				s.gotShared[i]++
				return
			}
		}
	}
	json := strings.HasPrefix(text, `"`)
	if json {
		text = strings.TrimSuffix(strings.TrimPrefix(text, `"`), "\"\n")
	}
	w, i := s.author(text)
	if w < 0 {
		return
	}
	kind, want := soakKind(w, i), soakPayload(w, i)
	binary := kind == soakBinary || kind == soakPrepared
	switch {
	case json != (kind == soakJSON), binary != (messageType == gorilla.BinaryMessage):
		s.t.Errorf("message %d of goroutine %d is of type %d: %.40q", i, w, messageType, text)
	case text == want, kind >= soakCut && strings.HasPrefix(want, text):
		s.got[w] = append(s.got[w], delivery{i, len(text)})
	default:
		s.t.Errorf("message %d of goroutine %d has %d bytes that are not of it, %.40q", i, w, len(text), text)
	}
}

// author is whose message text is.
func (s *soak) author(text string) (w, i int) {
	if n, _ := fmt.Sscanf(text, "%d %d ", &w, &i); n != 2 || w < 0 || w >= soakWriters || i < 0 {
		s.t.Errorf("a message of nobody, %d bytes: %.60q", len(text), text)
		return -1, 0
	}
	return w, i
}
