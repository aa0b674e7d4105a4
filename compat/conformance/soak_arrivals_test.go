package conformance_test

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	gorilla "github.com/gorilla/websocket"

	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

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
