package wsdeadline

import (
	_ "embed"
	"fmt"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports connections that can hang, or die without anybody noticing.
var Analyzer = rule.Rule{
	Name: "wsdeadline", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
}.Analyzer()

// Categories.
const (
	heartbeat = "heartbeat" // nothing finds out that the peer is gone
	cleared   = "cleared"   // what would find out is taken away
	locked    = "locked"    // a write waits with a lock
	pong      = "pong"      // pings without a reader
	unread    = "unread"    // writes without a reader
)

func run(pass *rule.Pass) {
	set := conns.New(pass, pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package)
	if set == nil {
		return
	}
	c := &checker{pass, set, newGraph(set)}
	var stalling []*link
	for _, g := range set.Groups() {
		l := newLink(g)
		if l == nil {
			continue
		}
		c.cleared(l)
		if g.Escapes || len(g.Origins) == 0 {
			continue
		}
		switch {
		case !l.isRead() && len(l.pings) > 0:
			c.pong(l)
		case !l.isRead():
			c.unread(l)
		default:
			c.heartbeat(l)
		}
		if l.stalls() {
			stalling = append(stalling, l)
		}
	}
	c.locked(stalling)
}

type checker struct {
	*rule.Pass
	set *conns.Set
	*graph
}

// A link is a connection with what the rule asks about it.
type link struct {
	*conns.Group
	lib            *wsapi.Library
	reads, writes  []conns.Use
	pings          []conns.Use
	clears         []conns.Use // of the read deadline
	readDeadlines  []conns.Use
	writeDeadlines []conns.Use
}

func newLink(g *conns.Group) *link {
	l := &link{Group: g}
	for _, o := range g.Origins {
		l.lib = o.Lib
	}
	for _, u := range g.Uses {
		if u.Lib != nil && l.lib == nil {
			l.lib = u.Lib
		}
		if u.Roles.Any(wsapi.Reads | wsapi.OpensReader) {
			l.reads = append(l.reads, u)
		}
		switch {
		case isPing(u):
			l.pings = append(l.pings, u)
		case u.Roles.Has(wsapi.Writes) && !u.Roles.Any(wsapi.Reads):
			l.writes = append(l.writes, u)
		}
		if u.Roles.Has(wsapi.SetsReadDeadline) {
			if isZeroTime(u) {
				l.clears = append(l.clears, u)
			} else {
				l.readDeadlines = append(l.readDeadlines, u)
			}
		}
		if u.Roles.Has(wsapi.SetsWriteDeadline) && !isZeroTime(u) {
			l.writeDeadlines = append(l.writeDeadlines, u)
		}
	}
	if l.lib == nil {
		return nil
	}
	return l
}

func (l *link) isRead() bool { return len(l.reads) > 0 }

// stalls reports whether a write may wait for ever.
func (l *link) stalls() bool { return len(l.writes) > 0 && len(l.writeDeadlines) == 0 }

// report fills in the range of the call that a finding is about.
func (c *checker) report(f rule.Finding, also ...token.Pos) {
	at := f.Pos
	f.Pos, f.End = c.Call(at)
	for i, r := range f.Related {
		f.Related[i].Pos, f.Related[i].End = c.Call(r.Pos)
	}
	c.Report(f, append(also, at)...)
}

func related(pos token.Pos, message string) []analysis.RelatedInformation {
	return []analysis.RelatedInformation{{Pos: pos, Message: message}}
}

func (c *checker) heartbeat(l *link) {
	if len(l.readDeadlines)+len(l.clears)+len(l.pings) > 0 {
		return // taken away: judged there
	}
	var loop *conns.Use
	for i := range l.reads {
		u := &l.reads[i]
		if mayEnd(*u) {
			return
		}
		if loop == nil && c.inLoop(u.Instr) {
			loop = u
		}
	}
	if loop == nil {
		return
	}
	c.report(rule.Finding{
		Pos: l.Origins[0].Pos, Category: heartbeat, Confidence: rule.Low,
		Message: fmt.Sprintf("nothing finds out when the peer of this connection is gone: %s at %s waits for it without a deadline, and nothing pings it; the goroutine and the connection stay for ever",
			loop.Name, c.Site(loop.Pos())),
		Related: related(loop.Pos(), "waits without a deadline"),
	}, loop.Pos())
}

func (c *checker) pong(l *link) {
	p := l.pings[0]
	f := rule.Finding{Pos: p.Pos(), Category: pong, Confidence: rule.Medium}
	switch handlers := l.All(wsapi.SetsHandler); {
	case p.Roles.Has(wsapi.WantsContext):
		f.Confidence = rule.High
		f.Message = fmt.Sprintf("%s waits for a pong, and nothing reads from this connection: it fails each time, when its context ends; read in another goroutine, or call CloseRead", p.Name)
	case len(handlers) > 0:
		f.Confidence = rule.High
		f.Message = fmt.Sprintf("this ping is answered, and nothing reads from this connection: %s at %s sets a handler that never runs, and close frames go unseen; read in another goroutine",
			handlers[0].Name, c.Site(handlers[0].Pos()))
		f.Related = related(handlers[0].Pos(), "never runs")
	default:
		f.Message = "this ping is answered, and nothing reads from this connection: pongs and close frames go unseen, and a peer that is gone is not noticed; read in another goroutine"
	}
	c.report(f, l.Origins[0].Pos)
}

func (c *checker) unread(l *link) {
	for _, u := range l.writes {
		if !c.inLoop(u.Instr) {
			continue
		}
		f := rule.Finding{
			Pos: u.Pos(), Category: unread, Confidence: rule.Low,
			Message: "this writes again and again to a connection that nothing reads from: pings stay unanswered, and that the peer closed it shows only when writes begin to fail; read and discard in another goroutine",
			Related: related(l.Origins[0].Pos, "the connection"),
		}
		if u.Roles.Has(wsapi.WantsContext) {
			f.Confidence = rule.Medium
			f.Message = fmt.Sprintf("this writes again and again to a connection that nothing reads from: %s asks for a reader at all times, or pings and the peer's close frame stay unanswered; call CloseRead and write with the context that it returns", l.lib.Name)
		}
		c.report(f, l.Origins[0].Pos)
		return
	}
}

// mayEnd reports whether the context of a read ends at some time.
func mayEnd(u conns.Use) bool {
	if !u.Roles.Has(wsapi.WantsContext) {
		return false
	}
	for _, arg := range u.Args {
		if isContext(arg.Type()) {
			return hasTimeout(arg, make(map[ssa.Value]bool))
		}
	}
	return true // a method value
}
