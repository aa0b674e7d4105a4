package main

import "sync"

// A priority says which message goes first. Within one, the order is that in
// which they came.
type priority int

const (
	critical priority = iota
	control
	metric
	priorities
)

// kinds are the types of messages that members send.
var kinds = map[string]priority{
	"hangup": critical, "mute": critical,
	"offer": control, "answer": control, "candidate": control,
	"stats": metric,
}

// limits is how many messages of each priority may wait for one member.
var limits = [priorities]int{critical: 64, control: 256, metric: 32}

// outbox has what waits for one member. A member that does not read loses
// metrics first, the oldest of them, then control messages.
type outbox struct {
	ready chan struct{} // has one element while something waits

	mu      sync.Mutex
	waiting [priorities][][]byte
	shed    [priorities]int
}

func newOutbox() *outbox { return &outbox{ready: make(chan struct{}, 1)} }

// put never blocks. It reports false when a critical message finds no place:
// then the member is of no use to the call.
func (o *outbox) put(p priority, msg []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting[p]) == limits[p] {
		if p == critical {
			return false
		}
		o.waiting[p] = o.waiting[p][1:]
		o.shed[p]++
	}
	o.waiting[p] = append(o.waiting[p], msg)
	select {
	case o.ready <- struct{}{}:
	default:
	}
	return true
}

// take returns the next message, or nil.
func (o *outbox) take() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	for p := range o.waiting {
		if q := o.waiting[p]; len(q) > 0 {
			o.waiting[p] = q[1:]
			return q[0]
		}
	}
	return nil
}

func (o *outbox) lost() [priorities]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.shed
}
