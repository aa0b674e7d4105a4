package term

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// delay is how long a run may take before it shows progress: shorter ones
// would only flicker.
const delay = 300 * time.Millisecond

// Progress shows how far a run has come.
type Progress interface {
	// Update says that done of total steps of a stage are behind us. A total
	// of zero means that nobody knows.
	Update(stage string, done, total int)
	// Close takes the display away for good.
	Close()
}

// NewProgress returns a bar on w if w is a terminal and show is set, and
// otherwise a Progress that shows nothing. The bar appears once the run has
// taken 300 ms.
func NewProgress(w io.Writer, show bool) Progress {
	if !show || !IsTerminal(w) {
		return silent{}
	}
	return newBar(w, func(f func()) func() {
		t := time.AfterFunc(delay, f)
		return func() { t.Stop() }
	})
}

type silent struct{}

func (silent) Update(string, int, int) {}
func (silent) Close()                  {}

// A bar is a Progress that draws.
type bar struct {
	mu          sync.Mutex
	w           io.Writer
	stop        func() // cancels the wait for visible
	visible     bool
	closed      bool
	stage       string
	done, total int
	drawn       *progressbar.ProgressBar // of stage and total
}

// newBar returns a bar that stays hidden until the function that it hands to
// after is called.
func newBar(w io.Writer, after func(func()) (stop func())) *bar {
	b := &bar{w: w}
	b.stop = after(b.show)
	return b
}

func (b *bar) show() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.visible = true
	b.draw()
}

func (b *bar) Update(stage string, done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if stage != b.stage || total != b.total {
		b.clear()
	}
	b.stage, b.done, b.total = stage, done, total
	b.draw()
}

func (b *bar) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		b.stop()
	}
	b.closed = true
	b.clear()
}

func (b *bar) clear() {
	if b.drawn != nil {
		_ = b.drawn.Clear()
		b.drawn = nil
	}
}

// draw shows the state. Errors of the terminal are nobody's to handle.
func (b *bar) draw() {
	if !b.visible || b.closed || b.stage == "" {
		return
	}
	if b.drawn == nil {
		total := b.total
		if total == 0 {
			total = -1 // a spinner
		}
		b.drawn = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(b.w),
			progressbar.OptionSetDescription(b.stage),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	if b.total > 0 {
		_ = b.drawn.Set(min(b.done, b.total))
	} else {
		_ = b.drawn.Add(1)
	}
}
