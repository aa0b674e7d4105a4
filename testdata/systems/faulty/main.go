// Command faulty is a chat as people write it in a hurry. Each of its faults is
// marked with the rule of wsmigrate that finds it; the test compares the marks
// of the whole module with the report.
package main

import (
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { return true }, // hazard: wsorigin/always
}

type room struct {
	mu    sync.Mutex
	conns map[*websocket.Conn]bool
}

func main() {
	if len(os.Args) > 1 {
		n, err := count(os.Args[1])
		if err != nil {
			log.Fatal(err)
		}
		log.Print(n)
		return
	}
	r := &room{conns: make(map[*websocket.Conn]bool)}
	http.HandleFunc("/chat", r.chat)
	http.Handle("/slow", http.TimeoutHandler(http.HandlerFunc(r.chat), time.Minute, "too slow")) // hazard: wsserver/wrapped
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

// chat thanks for each message.
func (r *room) chat(w http.ResponseWriter, req *http.Request) {
	conn, err := upgrader.Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	r.enter(conn)
	go ping(conn)
	for {
		var text string
		if err := conn.ReadJSON(&text); err != nil { // hazard: wsreadloop/every
			log.Print(err)
			continue
		}
		conn.WriteJSON("thanks")
	}
}

// ping writes beside the loop above.
func ping(conn *websocket.Conn) {
	for range time.Tick(30 * time.Second) {
		if err := conn.WriteMessage(websocket.PingMessage, nil); err != nil { // hazard: wsconcurrent/goroutine
			return
		}
	}
}

func (r *room) enter(conn *websocket.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[conn] = true
}
