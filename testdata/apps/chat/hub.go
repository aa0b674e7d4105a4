package main

import (
	"log"
	"sync"
	"time"
)

// options are the settings of a hub. The zero value is what the command uses.
type options struct {
	pongWait   time.Duration // how long a peer may stay silent
	pingPeriod time.Duration // less than pongWait
	history    int           // lines replayed to those who join
}

// message is a line somebody typed.
type message struct {
	from *client
	text []byte
}

// hub knows who is in the room and hands every line to everybody. Its maps
// belong to the goroutine in run; all others talk to it over the channels.
type hub struct {
	opts options

	clients map[*client]bool
	lines   [][]byte // the newest opts.history lines

	register   chan *client
	unregister chan *client
	broadcast  chan message

	stopOnce sync.Once
	stop     chan struct{}
	done     chan struct{} // closed when run has returned

	writers sync.WaitGroup // the write pumps
}

func newHub(opts options) *hub {
	if opts.pongWait == 0 {
		opts.pongWait = pongWait
	}
	if opts.pingPeriod == 0 {
		opts.pingPeriod = pingPeriod
	}
	return &hub{
		opts:       opts,
		clients:    make(map[*client]bool),
		register:   make(chan *client),
		unregister: make(chan *client),
		broadcast:  make(chan message),
		stop:       make(chan struct{}),
		done:       make(chan struct{}),
	}
}

// run serves the channels until shutdown.
func (h *hub) run() {
	defer close(h.done)
	for {
		select {
		case c := <-h.register:
			h.clients[c] = true
			h.writers.Add(1)
			for _, line := range h.lines {
				h.deliver(c, line)
			}
			log.Printf("%s joined, %d in the room", c.name, len(h.clients))
			h.say([]byte("* " + c.name + " joined"))
		case c := <-h.unregister:
			// A client that was too slow has left already.
			if h.clients[c] {
				h.drop(c)
			}
			log.Printf("%s left, %d in the room", c.name, len(h.clients))
			h.say([]byte("* " + c.name + " left"))
		case m := <-h.broadcast:
			line := append([]byte(m.from.name+": "), m.text...)
			h.remember(line)
			h.say(line)
		case <-h.stop:
			for c := range h.clients {
				h.drop(c)
			}
			return
		}
	}
}

// say hands line to everybody in the room.
func (h *hub) say(line []byte) {
	for c := range h.clients {
		h.deliver(c, line)
	}
}

// deliver queues line for c, and lets go of c where its queue is full: one
// slow reader must not hold up the room.
func (h *hub) deliver(c *client, line []byte) {
	if !h.clients[c] {
		return
	}
	select {
	case c.send <- line:
	default:
		log.Printf("%s is too slow", c.name)
		h.drop(c)
	}
}

// drop closes the queue of c, which makes the write pump say goodbye.
func (h *hub) drop(c *client) {
	delete(h.clients, c)
	close(c.send)
}

func (h *hub) remember(line []byte) {
	h.lines = append(h.lines, line)
	if n := len(h.lines) - h.opts.history; n > 0 {
		h.lines = h.lines[n:]
	}
}

// join, leave and post are what clients call. They return at once when the
// hub has stopped; join reports whether it has not.
func (h *hub) join(c *client) bool {
	select {
	case h.register <- c:
		return true
	case <-h.done:
		return false
	}
}

func (h *hub) leave(c *client) {
	select {
	case h.unregister <- c:
	case <-h.done:
	}
}

func (h *hub) post(c *client, text []byte) {
	select {
	case h.broadcast <- message{from: c, text: text}:
	case <-h.done:
	}
}

// shutdown lets go of all clients and waits until each has been told.
func (h *hub) shutdown() {
	h.stopOnce.Do(func() { close(h.stop) })
	<-h.done
	h.writers.Wait()
}
