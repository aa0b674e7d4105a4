package load

import (
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

// ProfileArgs asks for a profile of rounds.
type ProfileArgs struct {
	Seconds float64
	File    string // to be written, in the format of go tool pprof
}

// profile runs one round under the CPU profiler.
func (p *pair) profile(a ProfileArgs) (r Round, err error) {
	f, err := os.Create(a.File)
	if err != nil {
		return r, err
	}
	defer func() {
		if err1 := f.Close(); err == nil {
			err = err1
		}
	}()
	warm := min(a.Seconds/10, time.Second.Seconds())
	if _, err := p.round(RoundArgs{warm}); err != nil {
		return r, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return r, fmt.Errorf("start the profiler: %w", err)
	}
	defer pprof.StopCPUProfile()
	return p.round(RoundArgs{a.Seconds})
}
