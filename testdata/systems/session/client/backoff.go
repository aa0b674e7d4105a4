package client

import (
	"math/rand/v2"
	"time"
)

// Backoff says how long to wait before the next try: twice as long each time,
// from Min to Max, and of that a random part of at least one half, so that not
// all clients of a server come back in the same moment.
type Backoff struct {
	Min, Max time.Duration

	tries int
}

// Next returns the time to wait.
func (b *Backoff) Next() time.Duration {
	wait := b.Max
	if b.tries < 32 && b.Min<<b.tries < b.Max {
		wait = b.Min << b.tries
	}
	b.tries++
	return wait/2 + rand.N(wait/2+1)
}

// Reset is called when a try has succeeded.
func (b *Backoff) Reset() { b.tries = 0 }
