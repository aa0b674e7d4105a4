package callback

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// A Transport calls the function that writes under its lock.
type Transport struct {
	mx, wrmx sync.Mutex
	onWrite  func(msg any) error
}

func (t *Transport) OnWrite(f func(msg any) error) {
	t.mx.Lock()
	t.onWrite = f
	t.mx.Unlock()
}

func (t *Transport) Write(msg any) { // want Write:"calls what it is given"
	t.wrmx.Lock()
	_ = t.onWrite(msg)
	t.wrmx.Unlock()
}

var up websocket.Upgrader

func serve(w http.ResponseWriter, r *http.Request) {
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	tr := &Transport{}
	tr.OnWrite(func(msg any) error {
		if data, ok := msg.([]byte); ok {
			return ws.WriteMessage(websocket.BinaryMessage, data)
		}
		return ws.WriteJSON(msg)
	})
	for {
		var msg any
		if err := ws.ReadJSON(&msg); err != nil {
			return
		}
		go func() {
			tr.Write(msg)
		}()
	}
}
