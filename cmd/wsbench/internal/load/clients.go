package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
)

// dialing is how many handshakes of one process are under way at a time.
const dialing = 64

// noKeepAlive turns off TCP's keep-alive, which Go turns on, at both ends. The
// probes of 100,000 connections come in bursts that the queue of the loopback
// device (net.core.netdev_max_backlog) drops; connections whose probes were
// dropped end with ETIMEDOUT, and answering them takes more time than the load.
const noKeepAlive = -1

// DialArgs asks for connections to an echo server, by the library that costs
// least.
type DialArgs struct {
	Addr    string
	Sources []string // the addresses to connect from, in turn; none for any
	Conns   int
	Size    int // of messages
}

// Dialled says how many connections there are.
type Dialled struct {
	Connected, Failed int
	Failure           string // the first one
}

// clients are many connections to one server.
type clients struct {
	args    DialArgs
	payload []byte
	all     []*client
	loops   sync.WaitGroup
	closing atomic.Bool
	dialled atomic.Int64
	first   atomic.Pointer[error] // of making connections, or of one that ended
	onReply atomic.Pointer[func(*client, time.Time)]
	onEnd   atomic.Pointer[func(*client)]
	failed  atomic.Int64 // connections that have ended, and wrong replies
}

// client is one of the connections.
type client struct {
	mu    sync.Mutex
	conn  driver.Conn // nil while there is none
	due   []time.Time // of the messages under way
	drops int64       // messages whose connection ended before the reply
}

// dialClients connects. The first error is returned with the clients, be it of
// a connection that could not be made or of one that ended already.
func dialClients(a DialArgs) (*clients, error) {
	debug.SetGCPercent(400) // the load shall not pause for its own garbage
	cs := &clients{args: a, payload: Payload(a.Size), all: make([]*client, a.Conns)}
	var wg sync.WaitGroup
	slots := make(chan struct{}, dialing)
	for i := range cs.all {
		k := new(client)
		cs.all[i] = k
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := cs.connect(context.Background(), k); err != nil {
				cs.first.CompareAndSwap(nil, &err)
			}
		})
	}
	wg.Wait()
	if err := cs.first.Load(); err != nil {
		return cs, *err
	}
	return cs, nil
}

// connect gives k a connection.
func (cs *clients) connect(ctx context.Context, k *client) error {
	ctx, cancel := context.WithTimeout(ctx, stuck)
	defer cancel()
	c, err := driver.Raw().Connect(ctx, cs.args.Addr, cs.dial, driver.Options{})
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.conn = c
	k.mu.Unlock()
	cs.loops.Add(1)
	go cs.receive(k, c)
	return nil
}

func (cs *clients) dial(ctx context.Context) (net.Conn, error) {
	d := net.Dialer{KeepAlive: noKeepAlive, Control: bindAddressOnly}
	if n := len(cs.args.Sources); n > 0 {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(cs.args.Sources[cs.dialled.Add(1)%int64(n)])}
	}
	return d.DialContext(ctx, "tcp", cs.args.Addr)
}

// receive reads the replies on a connection of k.
func (cs *clients) receive(k *client, c driver.Conn) {
	defer cs.loops.Done()
	err := c.Loop(func(p []byte) error {
		if err := checkSize(p, cs.args.Size); err != nil {
			cs.failed.Add(1)
			return err
		}
		k.mu.Lock()
		if len(k.due) == 0 {
			k.mu.Unlock()
			cs.failed.Add(1)
			return errors.New("a reply came to nothing that was sent")
		}
		due := k.due[0]
		if k.due = k.due[1:]; len(k.due) == 0 {
			k.due = nil
		}
		k.mu.Unlock()
		if f := cs.onReply.Load(); f != nil {
			(*f)(k, due)
		}
		return nil
	})
	onEnd := cs.onEnd.Load()
	if onEnd == nil && !cs.closing.Load() {
		cs.failed.Add(1)
		err = fmt.Errorf("a connection ended: %w", err)
		cs.first.CompareAndSwap(nil, &err)
	}
	_ = c.Close()
	k.mu.Lock()
	k.conn = nil
	k.drops += int64(len(k.due))
	k.due = nil
	k.mu.Unlock()
	if onEnd != nil {
		(*onEnd)(k)
	}
}

// send sends a message that was due at that time. It reports whether there was
// a connection for it.
func (cs *clients) send(k *client, due time.Time) bool {
	k.mu.Lock()
	c := k.conn
	if c != nil {
		k.due = append(k.due, due)
	}
	k.mu.Unlock()
	// An error of Write ends the connection's loop too, which counts.
	return c != nil && c.Write(cs.payload) == nil
}

func (cs *clients) connected() int {
	n := 0
	for _, k := range cs.all {
		k.mu.Lock()
		if k.conn != nil {
			n++
		}
		k.mu.Unlock()
	}
	return n
}

// touch sends one message on each connection and waits for all replies.
func (cs *clients) touch() error {
	var missing atomic.Int64
	done := make(chan struct{})
	missing.Store(int64(len(cs.all)))
	reply := func(*client, time.Time) {
		if missing.Add(-1) == 0 {
			close(done)
		}
	}
	cs.onReply.Store(&reply)
	defer cs.onReply.Store(nil)
	for _, k := range cs.all {
		if !cs.send(k, time.Time{}) {
			return errHungUp
		}
	}
	select {
	case <-done:
		return nil
	case <-time.After(stuck):
		return fmt.Errorf("%d of %d replies have not come", missing.Load(), len(cs.all))
	}
}

// close ends all connections and waits for their goroutines.
func (cs *clients) close() {
	cs.closing.Store(true)
	for _, k := range cs.all {
		k.mu.Lock()
		if k.conn != nil {
			_ = k.conn.Close()
		}
		k.mu.Unlock()
	}
	cs.loops.Wait()
}
