package load

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// Kind is what a pair of server and clients does.
type Kind string

// The kinds of pairs.
const (
	Echo      Kind = "echo"      // clients send, the server sends back, one message a connection under way
	OneWay    Kind = "stream"    // clients send as fast as they can
	Broadcast Kind = "broadcast" // the server sends each message to all clients
)

// PairArgs describes a pair: both ends are the same library, in this process.
type PairArgs struct {
	Library string
	Options driver.Options
	Kind    Kind
	Conns   int
	Size    int
}

// RoundArgs says how long a round is to last.
type RoundArgs struct{ Seconds float64 }

// Round is what came of a round.
type Round struct {
	Usage
	Messages int64   // round trips of an echo, messages otherwise
	Last     float64 // of broadcasts: median seconds until the last client has the message
}

// stuck is how long a round may take beyond its time.
const stuck = 30 * time.Second

const loopback = "127.0.0.1:0"

type pair struct {
	args    PairArgs
	lib     *driver.Library
	payload []byte
	ln      net.Listener
	srv     driver.Server
	clients []*sender
	servers []driver.Conn
	loops   sync.WaitGroup
	closing atomic.Bool

	broken chan error    // the first failure
	done   chan struct{} // the round is over

	stop    atomic.Bool // no more messages are to be sent
	pending atomic.Int64
	total   atomic.Int64
}

// sender is a client. Its first message of a round is sent by another
// goroutine than the others, which may not begin before that has returned.
type sender struct {
	driver.Conn
	mu       sync.Mutex
	received int64
}

func (s *sender) Write(p []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Conn.Write(p)
}

var errHungUp = errors.New("the connection ended")

func openPair(a PairArgs) (p *pair, err error) {
	lib, err := find(a.Library, a.Options)
	if err != nil {
		return nil, err
	}
	p = &pair{
		args: a, lib: lib, payload: Payload(a.Size),
		broken: make(chan error, 1), done: make(chan struct{}, 1),
	}
	if p.ln, err = net.Listen("tcp", loopback); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	accepted := make(chan driver.Conn)
	p.srv = lib.Serve(p.ln, a.Options, func(c driver.Conn) {
		accepted <- c
		p.serve(c)
	})
	host := p.ln.Addr().String()
	dial := func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", host) }
	ctx, cancel := context.WithTimeout(context.Background(), stuck)
	defer cancel()
	for i := range a.Conns {
		c, err := lib.Connect(ctx, host, dial, a.Options)
		if err != nil {
			return nil, fmt.Errorf("connection %d: %w", i+1, err)
		}
		k := &sender{Conn: c}
		p.clients = append(p.clients, k)
		select {
		case s := <-accepted:
			p.servers = append(p.servers, s)
		case <-ctx.Done():
			return nil, fmt.Errorf("connection %d: the server has not got it: %w", i+1, ctx.Err())
		}
		p.loops.Add(1)
		go p.receive(k)
	}
	return p, nil
}

// serve is the server's side of a connection.
func (p *pair) serve(c driver.Conn) {
	p.ended(c.Loop(func(m []byte) error {
		if err := checkSize(m, p.args.Size); err != nil {
			return err
		}
		switch p.args.Kind {
		case Echo:
			return c.Write(m)
		case OneWay:
			p.arrived()
		}
		return nil
	}))
}

// receive is the client's side of a connection.
func (p *pair) receive(c *sender) {
	defer p.loops.Done()
	p.ended(c.Loop(func(m []byte) error {
		if err := checkSize(m, p.args.Size); err != nil {
			return err
		}
		c.received++
		if p.args.Kind == Echo && !p.stop.Load() {
			return c.Write(p.payload)
		}
		p.arrived()
		return nil
	}))
}

// arrived counts one of the messages that are waited for.
func (p *pair) arrived() {
	if p.pending.Add(-1) == 0 {
		p.done <- struct{}{}
	}
}

// ended notes that the loop of a connection has ended.
func (p *pair) ended(err error) {
	if p.closing.Load() {
		return
	}
	if err == nil {
		err = errHungUp
	}
	select {
	case p.broken <- err:
	default:
	}
}

// round measures one round.
func (p *pair) round(a RoundArgs) (Round, error) {
	var r Round
	m, err := startMeter()
	if err != nil {
		return r, err
	}
	d := time.Duration(a.Seconds * float64(time.Second))
	switch p.args.Kind {
	case Echo:
		r.Messages, err = p.echo(d)
	case OneWay:
		r.Messages, err = p.stream(d)
	case Broadcast:
		r.Messages, r.Last, err = p.broadcast(d)
	default:
		err = fmt.Errorf("no kind of pair %q", p.args.Kind)
	}
	if err != nil {
		return r, err
	}
	r.Usage, err = m.stop()
	return r, err
}

// await waits for the end of a round.
func (p *pair) await(timeout <-chan time.Time) error {
	select {
	case <-p.done:
		return nil
	case err := <-p.broken:
		return err
	case <-timeout:
		return fmt.Errorf("%d messages have not come back in time", p.pending.Load())
	}
}

func (p *pair) echo(d time.Duration) (int64, error) {
	before := p.sum()
	p.stop.Store(false)
	p.pending.Store(int64(len(p.clients)))
	defer time.AfterFunc(d, func() { p.stop.Store(true) }).Stop()
	for _, c := range p.clients {
		if err := c.Write(p.payload); err != nil {
			return 0, err
		}
	}
	err := p.await(time.After(d + stuck))
	return p.sum() - before, err
}

// sum returns how many messages the clients have got so far.
func (p *pair) sum() int64 {
	var n int64
	for _, c := range p.clients {
		n += c.received
	}
	return n
}

func (p *pair) stream(d time.Duration) (int64, error) {
	p.stop.Store(false)
	defer time.AfterFunc(d, func() { p.stop.Store(true) }).Stop()
	p.pending.Store(1) // taken back when all is sent
	p.total.Store(0)
	for _, c := range p.clients {
		p.loops.Add(1)
		p.pending.Add(1)
		go func() {
			defer p.loops.Done()
			defer p.arrived()
			for {
				p.pending.Add(1)
				if err := c.Write(p.payload); err != nil {
					p.ended(err)
					return
				}
				if p.total.Add(1); p.stop.Load() {
					return
				}
			}
		}()
	}
	p.arrived()
	err := p.await(time.After(d + stuck))
	return p.total.Load(), err
}

func (p *pair) broadcast(d time.Duration) (n int64, last float64, err error) {
	var times []float64
	timeout := time.After(d + stuck)
	for start := time.Now(); time.Since(start) < d; {
		p.pending.Store(int64(len(p.clients)))
		sent := time.Now()
		send := func(c driver.Conn) error { return c.Write(p.payload) }
		if p.lib.Prepare != nil {
			if send, err = p.lib.Prepare(p.payload); err != nil {
				return 0, 0, err
			}
		}
		for _, c := range p.servers {
			if err := send(c); err != nil {
				return 0, 0, err
			}
		}
		if err := p.await(timeout); err != nil {
			return 0, 0, err
		}
		times = append(times, time.Since(sent).Seconds())
		n += int64(len(p.clients))
	}
	return n, stats.Summarize(times).Median, nil
}

// close ends all connections and waits for the clients.
func (p *pair) close() {
	p.closing.Store(true)
	p.stop.Store(true)
	if p.srv != nil {
		_ = p.srv.Close()
	} else {
		_ = p.ln.Close()
	}
	for _, c := range p.clients {
		_ = c.Close()
	}
	for _, c := range p.servers {
		_ = c.Close()
	}
	p.loops.Wait()
}
