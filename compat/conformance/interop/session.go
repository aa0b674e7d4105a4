package main

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// A session plays the steps of a script on a connection of compat, and is the
// log of what is seen meanwhile.
type session struct {
	conn  *websocket.Conn
	meter *meter

	mu       sync.Mutex
	changed  *sync.Cond
	events   []event
	messages []message // received so far
	pongs    int
	over     bool // nothing more will be received
}

// message is a received data message.
type message struct {
	binary  bool
	payload []byte
}

func newSession(conn *websocket.Conn, m *meter, opened event) *session {
	s := &session{conn: conn, meter: m, events: []event{opened}}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// play does the steps, reads until the end of the connection, closes it, and
// returns what was seen.
func (s *session) play(sc script) []event {
	s.handlers()
	if sc.Limit > 0 {
		s.conn.SetReadLimit(sc.Limit)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.read()
	}()
	taken := 0 // messages that steps have waited for
	for _, st := range sc.Steps {
		if err := s.step(st, &taken); err != nil {
			s.add(event{Event: "error", Detail: fmt.Sprintf("%s: %v", st.Do, err)})
			s.conn.Close()
			break
		}
	}
	<-done
	s.conn.Close()
	s.add(event{Event: "wire", Wire: s.meter.wire()})
	return s.events
}

// handlers notes control frames and leaves what is to be done about them to
// the handlers that the connection has by default.
func (s *session) handlers() {
	ping, pong := s.conn.PingHandler(), s.conn.PongHandler()
	s.conn.SetPingHandler(func(data string) error {
		s.add(event{Event: "ping", Data: data})
		return ping(data)
	})
	s.conn.SetPongHandler(func(data string) error {
		s.add(event{Event: "pong", Data: data})
		return pong(data)
	})
}

func (s *session) add(e event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
	if e.Event == "pong" {
		s.pongs++
	}
	s.changed.Broadcast()
}

// read receives messages until the end of the connection.
func (s *session) read() {
	for {
		typ, payload, err := s.conn.ReadMessage()
		if err != nil {
			s.add(ending(err))
			s.mu.Lock()
			s.over = true
			s.changed.Broadcast()
			s.mu.Unlock()
			if errors.Is(err, websocket.ErrReadLimit) {
				s.drain()
			}
			return
		}
		binary := typ == websocket.BinaryMessage
		s.mu.Lock()
		s.messages = append(s.messages, message{binary, payload})
		s.mu.Unlock()
		s.add(messageEvent(binary, payload))
	}
}

func ending(err error) event {
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed):
		return event{Event: "close", Code: closed.Code, Reason: closed.Text}
	case errors.Is(err, websocket.ErrReadLimit):
		return event{Event: "limit"}
	}
	return event{Event: "error", Detail: "read: " + err.Error()}
}

// drainTime bounds how long a peer may take to hang up.
const drainTime = 5 * time.Second

// drain reads on where the connection does not: until the peer's close frame,
// and then, as nothing more is sent, until it hangs up. To close a connection
// with unread bytes is to reset it, and the peer might lose the close frame.
func (s *session) drain() {
	s.meter.SetReadDeadline(time.Now().Add(drainTime))
	buf := make([]byte, 4<<10)
	for s.meter.wire().Received.Closes == 0 {
		if _, err := s.meter.Read(buf); err != nil {
			return
		}
	}
	s.meter.CloseWrite()
	io.Copy(io.Discard, s.meter)
}

// step does one step. A connection that has ended does not make it fail: the
// events tell.
func (s *session) step(st step, taken *int) error {
	var err error
	switch st.Do {
	case "send":
		err = s.send(st)
	case "burst":
		for i := 0; i < st.Count && err == nil; i++ {
			err = s.conn.WriteMessage(messageType(st.Binary), numbered(i))
		}
	case "recv":
		*taken += st.Count
		s.wait(func() bool { return len(s.messages) >= *taken })
	case "echo":
		for {
			s.wait(func() bool { return len(s.messages) > *taken })
			m, ok := s.message(*taken)
			if !ok {
				return nil
			}
			*taken++
			if err := s.conn.WriteMessage(messageType(m.binary), m.payload); err != nil {
				return s.unlessOver(err)
			}
		}
	case "ping":
		s.mu.Lock()
		before := s.pongs
		s.mu.Unlock()
		err = s.conn.WriteControl(websocket.PingMessage, []byte(st.Data), time.Time{})
		if err == nil {
			s.wait(func() bool { return s.pongs > before })
		}
	case "close":
		err = s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(st.Code, st.Reason), time.Time{})
	default:
		return errors.New("no such step")
	}
	return s.unlessOver(err)
}

func (s *session) send(st step) error {
	payload := st.payload()
	if st.Parts < 2 {
		return s.conn.WriteMessage(messageType(st.Binary), payload)
	}
	w, err := s.conn.NextWriter(messageType(st.Binary))
	if err != nil {
		return err
	}
	size := len(payload)/st.Parts + 1
	for len(payload) > 0 {
		n := min(size, len(payload))
		if _, err := w.Write(payload[:n]); err != nil {
			return err
		}
		payload = payload[n:]
		if st.Ping != "" {
			if err := s.conn.WriteControl(websocket.PingMessage, []byte(st.Ping), time.Time{}); err != nil {
				return err
			}
			st.Ping = ""
		}
	}
	return w.Close()
}

// wait returns when there is what the caller waits for, or nothing more can
// come. The function is called with the lock held.
func (s *session) wait(there func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !there() && !s.over {
		s.changed.Wait()
	}
}

func (s *session) message(i int) (message, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i >= len(s.messages) {
		return message{}, false
	}
	return s.messages[i], true
}

// unlessOver drops the error of a write on a connection that the peer ended.
func (s *session) unlessOver(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	return err
}

func messageType(binary bool) int {
	if binary {
		return websocket.BinaryMessage
	}
	return websocket.TextMessage
}
