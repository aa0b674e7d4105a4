package relay

import (
	"errors"
	"io"
	"time"

	"github.com/gorilla/websocket"
)

// Time that writing a close frame may take.
const closeWait = time.Second

// relay passes messages both ways until one side ends, and returns how it
// ended. The other side has then been told, and has had the time to answer.
func (p *Relay) relay(client, backend *websocket.Conn) error {
	ended := make(chan error, 2)
	go func() { ended <- pump(backend, client) }()
	go func() { ended <- pump(client, backend) }()

	err := <-ended
	grace := time.NewTimer(p.cfg.CloseGrace)
	defer grace.Stop()
	select {
	case <-ended:
	case <-grace.C:
	}
	return err
}

// pump copies messages from src to dst as they come in, never holding a
// whole one, and passes on the end of src as well.
func pump(dst, src *websocket.Conn) error {
	for {
		kind, r, err := src.NextReader()
		if err != nil {
			passClose(dst, err)
			return err
		}
		w, err := dst.NextWriter(kind)
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, r); err != nil {
			passClose(dst, err)
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
}

// passClose tells dst that the other side ended with err: with the same code
// and reason where it said goodbye, else with 1001. Code 1006 stands for a
// connection that was lost and never travels in a frame.
func passClose(dst *websocket.Conn, err error) {
	code, text := websocket.CloseGoingAway, ""
	var ce *websocket.CloseError
	if errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure {
		code, text = ce.Code, ce.Text
	}
	dst.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(closeWait))
}
