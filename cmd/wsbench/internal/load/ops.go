package load

import (
	"errors"
	"fmt"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/shard"
)

// Operations of a worker, with their arguments and results.
const (
	OpOpenPair  = "open pair"  // PairArgs
	OpRound     = "round"      // RoundArgs, Round
	OpClosePair = "close pair" // none
	OpProfile   = "profile"    // ProfileArgs
	OpChurn     = "churn"      // ChurnArgs, ChurnResult
	OpServe     = "serve"      // ServeArgs, Served
	OpMemory    = "memory"     // none, Memory
	OpGC        = "gc"         // none, GC
	OpDial      = "dial"       // DialArgs, Dialled
	OpTouch     = "touch"      // none
	OpOpenLoop  = "open loop"  // OpenLoopArgs, OpenLoop
	OpReconnect = "reconnect"  // ReconnectArgs, Reconnect
	OpHangUp    = "hang up"    // none
)

// None is the argument of operations that need none.
type None struct{}

// worker is the state of a worker process: it does one thing at a time.
type worker struct {
	pair    *pair
	server  *server
	clients *clients
}

var (
	errNoPair    = errors.New("no pair is open")
	errNoClients = errors.New("no clients are connected")
)

// Handlers returns what this process can be asked, when it is a worker.
func Handlers() map[string]shard.Handler {
	w := new(worker)
	return map[string]shard.Handler{
		OpOpenPair: shard.Handle(func(a PairArgs) (any, error) {
			p, err := openPair(a)
			w.pair = p
			return nil, err
		}),
		OpRound: shard.Handle(func(a RoundArgs) (any, error) {
			if w.pair == nil {
				return nil, errNoPair
			}
			return w.pair.round(a)
		}),
		OpProfile: shard.Handle(func(a ProfileArgs) (any, error) {
			if w.pair == nil {
				return nil, errNoPair
			}
			return w.pair.profile(a)
		}),
		OpClosePair: shard.Handle(func(None) (any, error) {
			if w.pair != nil {
				w.pair.close()
				w.pair = nil
			}
			return nil, nil
		}),
		OpChurn: shard.Handle(func(a ChurnArgs) (any, error) { return churn(a) }),
		OpServe: shard.Handle(func(a ServeArgs) (any, error) {
			s, err := serve(a)
			if err != nil {
				return nil, err
			}
			w.server = s
			return Served{s.addr}, nil
		}),
		OpMemory: shard.Handle(func(None) (any, error) { return readMemory() }),
		OpGC:     shard.Handle(func(None) (any, error) { return readGC(), nil }),
		OpDial: shard.Handle(func(a DialArgs) (any, error) {
			c, err := dialClients(a)
			w.clients = c
			return Dialled{Connected: c.connected(), Failed: a.Conns - c.connected(), Failure: text(err)}, nil
		}),
		OpTouch: shard.Handle(func(None) (any, error) {
			if w.clients == nil {
				return nil, errNoClients
			}
			return nil, w.clients.touch()
		}),
		OpOpenLoop: shard.Handle(func(a OpenLoopArgs) (any, error) {
			if w.clients == nil {
				return nil, errNoClients
			}
			return w.clients.openLoop(a)
		}),
		OpReconnect: shard.Handle(func(a ReconnectArgs) (any, error) {
			if w.clients == nil {
				return nil, errNoClients
			}
			return w.clients.reconnect(a)
		}),
		OpHangUp: shard.Handle(func(None) (any, error) {
			if w.clients != nil {
				w.clients.close()
				w.clients = nil
			}
			return nil, nil
		}),
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// find returns the library of that name, if it can be used with o.
func find(name string, o driver.Options) (*driver.Library, error) {
	l, err := driver.Find(name)
	if err != nil {
		return nil, err
	}
	return l, l.Check(o)
}

// checkSize returns an error for a message that is not the one expected.
func checkSize(p []byte, size int) error {
	if len(p) != size {
		return fmt.Errorf("a message of %d bytes came, want %d", len(p), size)
	}
	return nil
}
