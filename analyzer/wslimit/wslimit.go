package wslimit

import (
	_ "embed"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports connections without a read limit, and messages that exceed
// one.
var Analyzer = rule.Rule{
	Name: "wslimit", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
}.Analyzer()

// Categories.
const (
	unlimited    = "unlimited" // no limit
	defaultLimit = "default"   // the library's own, which is small
	exceeded     = "exceeded"  // a message that does not fit
	expected     = "expected"  // a size that no message reaches
	zero         = "zero"      // a limit of nothing
)

func run(pass *rule.Pass) {
	if len(pass.TypeErrors) > 0 {
		// What SSA makes of a package with errors may be odd in ways that
		// nothing here expects.
		defer func() { recover() }()
	}
	set := conns.New(pass, pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package)
	if set == nil {
		return
	}
	c := &checker{pass, newSizes(set)}
	var list []*endpoint
	for _, g := range set.Groups() {
		if e := c.endpoint(g); e != nil {
			list = append(list, e)
			c.policy(e)
			c.reads(e)
		}
	}
	c.peers(list)
}

type checker struct {
	*rule.Pass
	*sizes
}

// An endpoint is a connection with the size of the messages that it reads.
type endpoint struct {
	*conns.Group
	lib   *wsapi.Library
	reads []conns.Use // that take in data
	// limit is the largest message, or none or unknown.
	limit int64
	set   *conns.Use // what sets it; nil for the library's own limit
	off   *conns.Use // what switches it off
}

const (
	none    = -1
	unknown = -2
)

func (c *checker) endpoint(g *conns.Group) *endpoint {
	e := &endpoint{Group: g}
	for _, u := range g.Uses {
		if u.Lib != nil && (e.lib == nil || u.Roles.Any(wsapi.Reads)) {
			e.lib = u.Lib
		}
		if u.Roles.Has(wsapi.Reads) && takesData(u) {
			e.reads = append(e.reads, u)
		}
	}
	if e.lib == nil {
		return nil
	}
	e.limit = e.lib.ReadLimit
	if e.limit == 0 {
		e.limit = none
	}
	var zeros []conns.Use
	sets := g.All(wsapi.SetsReadLimit)
	for i := range sets {
		u := &sets[i]
		n, ok := limitArg(u)
		switch {
		case u.Roles.Any(wsapi.OpensReader | wsapi.OpensWriter): // NetConn: a stream
			e.limit = unknown
		case !ok:
			e.limit = unknown
		case n <= e.lib.NoLimit:
			e.off = u
			if e.limit != unknown {
				e.limit = none
			}
		default:
			if n == 0 {
				zeros = append(zeros, *u)
			}
			if e.limit != unknown && e.off == nil && (e.set == nil || n > e.limit) {
				e.limit, e.set = n, u
			}
		}
	}
	if len(zeros) > 0 && len(zeros) == len(sets) && len(e.reads) > 0 {
		c.zero(e, zeros)
	}
	return e
}

func limitArg(u *conns.Use) (int64, bool) {
	if len(u.Args) != 1 {
		return 0, false
	}
	k, ok := u.Args[0].(*ssa.Const)
	if !ok || k.Value == nil || k.Value.Kind() != constant.Int {
		return 0, false
	}
	return constant.Int64Val(k.Value)
}

// takesData reports whether a read returns a message or a reader of one, or
// decodes it into a value. One that takes frame headers alone, or throws away
// what comes, does not.
func takesData(u conns.Use) bool {
	if u.Roles.Has(wsapi.OpensReader) {
		return true
	}
	call, ok := u.Instr.(ssa.CallInstruction)
	if !ok {
		return true
	}
	sig := call.Common().Signature()
	for v := range sig.Results().Variables() {
		if hasBytes(v.Type(), 0) {
			return true
		}
	}
	for v := range sig.Params().Variables() {
		if i, ok := v.Type().Underlying().(*types.Interface); ok && i.Empty() {
			return true
		}
	}
	return false
}

func hasBytes(t types.Type, depth int) bool {
	switch u := t.Underlying().(type) {
	case *types.Slice:
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Byte {
			return true
		}
		return depth < 2 && hasBytes(u.Elem(), depth+1)
	case *types.Struct:
		for f := range u.Fields() {
			if depth < 2 && hasBytes(f.Type(), depth+1) {
				return true
			}
		}
	}
	return false
}

func (c *checker) zero(e *endpoint, sets []conns.Use) {
	for _, u := range sets {
		f := rule.Finding{
			Pos: u.Pos(), Category: zero, Confidence: rule.High,
			Message: fmt.Sprintf("SetReadLimit(0) lets %s read nothing but empty messages: with the first other one %s at %s fails and the connection is closed with status 1009; %d switches the limit off",
				e.lib.Name, e.reads[0].Name, c.Site(e.reads[0].Pos()), e.lib.NoLimit),
			Related: related(e.reads[0].Pos(), "reads with this limit"),
		}
		if e.Escapes {
			f.Confidence = rule.Medium
		}
		c.report(f)
	}
}

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

// policy reports what the limit of an endpoint alone tells.
func (c *checker) policy(e *endpoint) {
	if !limitable(e.lib) || len(e.reads) == 0 {
		return
	}
	whole := e.whole()
	switch {
	case e.limit == none && e.off != nil && whole != nil:
		c.report(rule.Finding{
			Pos: e.off.Pos(), Category: unlimited, Confidence: rule.Low,
			Message: fmt.Sprintf("this switches the read limit of %s off: %s at %s holds a message of any size in memory, and the peer chooses the size; set the size of the largest message that you expect",
				e.lib.Name, whole.Name, c.Site(whole.Pos())),
			Related: related(whole.Pos(), "reads without a limit"),
		}, whole.Pos())
	case e.Escapes || len(e.Origins) == 0 || e.set != nil || e.off != nil:
	case e.limit == none && whole != nil:
		fix := "call SetReadLimit before the first read"
		if !setsLimit(e.lib) {
			fix = "use a Reader with MaxFrameSize"
		}
		for _, o := range e.Origins {
			c.report(rule.Finding{
				Pos: o.Pos, Category: unlimited, Confidence: rule.Low,
				Message: fmt.Sprintf("the connection is read without a limit: %s at %s holds a message of any size in memory, and the peer chooses the size; %s",
					whole.Name, c.Site(whole.Pos()), fix),
				Related: related(whole.Pos(), "reads without a limit"),
			}, whole.Pos())
		}
	case e.limit > 0:
		for _, o := range e.Origins {
			f := rule.Finding{
				Pos: o.Pos, Category: defaultLimit, Confidence: rule.Medium,
				Message: fmt.Sprintf("the connection is read with the limit of %d bytes that %s sets: a larger message makes %s at %s fail and closes the connection with status 1009; call SetReadLimit with the size of the largest message that you expect",
					e.limit, e.lib.Name, e.reads[0].Name, c.Site(e.reads[0].Pos())),
				Related: related(e.reads[0].Pos(), "reads with this limit"),
			}
			if o.Server {
				f.Confidence = rule.Low
			}
			c.report(f, e.reads[0].Pos())
		}
	}
}

// limitable reports whether the rule knows all means to limit a library's
// messages.
func limitable(lib *wsapi.Library) bool { return lib.ReadLimit == 0 || setsLimit(lib) }

func setsLimit(lib *wsapi.Library) bool {
	for _, fn := range lib.Funcs {
		if fn.Roles.Has(wsapi.SetsReadLimit) {
			return true
		}
	}
	return false
}

// whole returns the first read that holds a whole message in memory, or nil.
func (e *endpoint) whole() *conns.Use {
	for i := range e.reads {
		u := &e.reads[i]
		if !u.Roles.Has(wsapi.OpensReader) {
			return u
		}
		for _, call := range consumers(u) {
			if fn := call.Common().StaticCallee(); fn != nil && readsAll(fn) {
				return u
			}
		}
	}
	return nil
}
