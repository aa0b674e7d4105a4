package wsdeadline

import (
	"fmt"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// cleared reports a read deadline that is taken away before a loop of reads
// and never set again.
func (c *checker) cleared(l *link) {
	for _, clear := range l.clears {
		loop := c.loopAfter(l, clear)
		if loop == nil || c.setAgain(l, clear) {
			continue
		}
		f := rule.Finding{
			Pos: clear.Pos(), Category: cleared, Confidence: rule.High,
			Message: fmt.Sprintf("this takes the read deadline away for good: from here on %s at %s waits for ever for a peer that is gone; set a new deadline and move it on with each message or pong",
				loop.Name, c.Site(loop.Pos())),
			Related: related(loop.Pos(), "reads without a deadline"),
		}
		switch {
		case len(l.pings) > 0:
			// A ping to a peer that is gone fails some time after all.
			f.Confidence = rule.Low
		case l.Escapes || len(l.Origins) == 0:
			f.Confidence = rule.Medium
		}
		c.report(f, loop.Pos())
		return
	}
}

// loopAfter returns a read that runs again and again after clear, or nil.
func (c *checker) loopAfter(l *link, clear conns.Use) *conns.Use {
	for i := range l.reads {
		u := &l.reads[i]
		if !c.inLoop(u.Instr) {
			continue
		}
		if len(l.readDeadlines) == 0 || c.leadsTo(clear.Instr, u.Instr) {
			return u
		}
	}
	return nil
}

// setAgain reports whether a read deadline may be set after clear: anywhere but
// before it in the same function.
func (c *checker) setAgain(l *link, clear conns.Use) bool {
	for _, set := range l.readDeadlines {
		if set.Instr.Parent() != clear.Instr.Parent() || after(clear.Instr, set.Instr) || !isCall(set) {
			return true
		}
		// The function itself may run again and again.
		if c.inLoop(clear.Instr) {
			return true
		}
	}
	return false
}
