package client

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	b := Backoff{Min: time.Second, Max: 32 * time.Second}
	for range 2 { // before and after Reset
		for _, longest := range []time.Duration{1, 2, 4, 8, 16, 32, 32, 32} {
			longest *= time.Second
			seen := map[time.Duration]bool{}
			for range 100 {
				try := b
				d := try.Next()
				if d < longest/2 || d > longest {
					t.Errorf("wait of %v, want %v to %v", d, longest/2, longest)
				}
				seen[d] = true
			}
			if len(seen) < 50 {
				t.Errorf("only %d different waits of up to %v", len(seen), longest)
			}
			b.Next()
		}
		b.Reset()
	}
}
