package unlimited

import (
	"encoding/json"
	"io"
	"log"
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

func handler(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `the connection is read without a limit: ReadMessage at unlimited.go:21 holds a message of any size in memory`
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		_, p, err := conn.ReadMessage()
		if err != nil {
			return
		}
		log.Print(len(p))
	}
}

type client struct {
	conn *websocket.Conn
	send chan []byte
}

// The connection goes through a field, and is read in another function.
func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `ReadJSON at unlimited.go:47 holds a message of any size`
	if err != nil {
		return
	}
	c := &client{conn: conn}
	go c.readPump()
}

func (c *client) readPump() {
	for {
		var v map[string]any
		if err := c.conn.ReadJSON(&v); err != nil {
			return
		}
	}
}

// Switched off, with gorilla's zero and with a negative number.
func off(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(0) // want `this switches the read limit of gorilla off`
	conn.ReadMessage()
}

func negative(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(-1) // want `this switches the read limit of gorilla off`
	conn.ReadMessage()
}

// A client trusts its server with its memory.
func dial(url string) ([]byte, error) {
	conn, _, err := websocket.DefaultDialer.Dial(url, nil) // want `ReadMessage at unlimited.go:79 holds`
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	_, p, err := conn.ReadMessage()
	return p, err
}

// A reader that is read to its end.
func readers(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `NextReader at unlimited.go:89 holds`
	if err != nil {
		return
	}
	_, body, err := conn.NextReader()
	if err != nil {
		return
	}
	io.ReadAll(body)
}

func decoders(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `NextReader at unlimited.go:101 holds`
	if err != nil {
		return
	}
	_, body, err := conn.NextReader()
	if err != nil {
		return
	}
	var v any
	json.NewDecoder(body).Decode(&v)
}

// Through a container and an interface.
type messages interface {
	ReadMessage() (int, []byte, error)
	WriteMessage(int, []byte) error
}

var conns = map[string]messages{}

func register(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `ReadMessage at unlimited.go:127 holds`
	if err != nil {
		return
	}
	conns[r.RemoteAddr] = conn
	poll(r.RemoteAddr)
}

func poll(name string) {
	conns[name].ReadMessage()
}

// Generic helpers.
type receiver interface{ ReadJSON(v any) error }

func receive[T any](c *websocket.Conn) (v T, err error) {
	err = c.ReadJSON(&v)
	return
}

func generic(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil) // want `ReadJSON at unlimited.go:134 holds`
	if err != nil {
		return
	}
	receive[string](conn)
}

func ignored(w http.ResponseWriter, r *http.Request) {
	//wsmigrate:ignore wslimit the proxy in front limits messages
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	conn.ReadMessage()
}
