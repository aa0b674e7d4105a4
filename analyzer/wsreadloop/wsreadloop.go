package wsreadloop

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports loops that go on reading after a read has failed.
var Analyzer = rule.Rule{
	Name: "wsreadloop", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
}.Analyzer()

// Categories.
const (
	every   = "every"   // the loop goes on after every error
	some    = "some"    // a test of the error lets some through
	timeout = "timeout" // the loop goes on after a timeout
	ignored = "ignored" // the error is not looked at
)

func run(pass *rule.Pass) {
	if len(pass.TypeErrors) > 0 {
		// What SSA makes of a package with errors may be odd in ways that
		// nothing here expects.
		defer func() { recover() }()
	}
	if !reads(pass) {
		return
	}
	pkg := pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package()
	if pkg == nil {
		return
	}
	c := &checker{
		Pass: pass, ssa: pkg,
		effects: make(map[*ssa.Function]*effect),
		readers: make(map[*ssa.Function][]*read),
	}
	c.survey()
	for _, fn := range pkg.Funcs {
		for _, r := range c.readsOf(fn, wrapperDepth) {
			c.check(r)
		}
	}
}

// reads reports whether the package calls a reading function at all, so that
// most packages need no SSA.
func reads(pass *rule.Pass) bool {
	for _, obj := range pass.TypesInfo.Uses {
		if fn, ok := obj.(*types.Func); ok {
			if _, row := wsapi.Lookup(fn); row != nil && row.Roles.Has(wsapi.Reads) {
				return true
			}
		}
	}
	return false
}

// A checker looks at one package.
type checker struct {
	*rule.Pass
	ssa     *lazyssa.Package
	effects map[*ssa.Function]*effect
	readers map[*ssa.Function][]*read // without an entry: not looked at yet

	deadlines bool                // a read deadline is set somewhere
	assigned  map[*types.Var]bool // fields assigned after their struct was made
}

// survey notes what holds for the whole package.
func (c *checker) survey() {
	c.assigned = make(map[*types.Var]bool)
	for _, fn := range c.ssa.Funcs {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				switch instr := instr.(type) {
				case ssa.CallInstruction:
					callee := instr.Common().StaticCallee()
					if _, row := lookup(callee); row != nil && row.Roles.Has(wsapi.SetsReadDeadline) {
						c.deadlines = true
					} else if callee != nil && callee.Name() == "SetReadDeadline" || callee != nil && callee.Name() == "SetDeadline" {
						c.deadlines = true // of the net.Conn below
					}
				case *ssa.Store:
					addr, ok := instr.Addr.(*ssa.FieldAddr)
					if !ok {
						continue
					}
					if _, fresh := addr.X.(*ssa.Alloc); !fresh {
						c.assigned[fieldOf(addr)] = true
					}
				}
			}
		}
	}
}

func lookup(fn *ssa.Function) (*wsapi.Library, *wsapi.Func) {
	if fn == nil {
		return nil, nil
	}
	obj, _ := fn.Object().(*types.Func)
	return wsapi.Lookup(obj)
}

// check reports r if the loop around it goes on after a failure.
func (c *checker) check(r *read) {
	inLoop := cycle(r.call.Block())
	if inLoop == nil {
		return
	}
	conn, ok := c.placeOf(r.conn, inLoop, 0)
	if !ok {
		return
	}
	conn.fields = append(conn.fields, r.fields...)
	var failures []wsapi.Failure
	for _, f := range r.lib.Failures {
		if !f.Timeout || c.deadlines {
			failures = append(failures, f)
		}
	}
	var through []wsapi.Failure // the failures after which the loop goes on
	sure := rule.Confidence("")
	for _, f := range failures {
		best := rule.Confidence("")
		for _, o := range r.outcomes(f) {
			w := &walker{c: c, failure: &f, read: r.call, conn: conn, inLoop: inLoop}
			w.after(r.call, o)
			for _, fl := range w.loops {
				if t := fl.confidence(); best == "" || t.AtLeast(best) {
					best = t
				}
			}
		}
		if best == "" {
			continue
		}
		switch {
		case len(through) == 0 || best != sure && best.AtLeast(sure):
			through, sure = []wsapi.Failure{f}, best
		case best == sure:
			through = append(through, f)
		}
	}
	if len(through) > 0 {
		c.report(r, through, len(failures), sure)
	}
}

func (c *checker) report(r *read, through []wsapi.Failure, of int, sure rule.Confidence) {
	f := rule.Finding{Pos: r.call.Pos(), Confidence: sure}
	name := nameOf(r.call)
	call := c.callAt(r.call.Pos())
	if call != nil {
		f.Pos, f.End = call.Pos(), call.End()
	}
	switch {
	case r.unused():
		f.Category = ignored
		f.Message = fmt.Sprintf("the loop does not look at the error of %s", name)
	case len(through) == of:
		f.Category = every
		f.Message = fmt.Sprintf("the loop goes on when %s fails", name)
	case len(through) == 1 && through[0].Timeout:
		f.Category = timeout
		f.Message = fmt.Sprintf("the loop goes on when %s times out", name)
	default:
		f.Category = some
		f.Message = fmt.Sprintf("the loop goes on when %s fails with %s", name, through[0].What)
	}
	f.Message += fmt.Sprintf("; with %s every later read then fails at once, so the loop spins: leave it on every error", r.lib.Name)
	if r.inner != nil {
		f.Related = []analysis.RelatedInformation{{Pos: r.inner.Pos(), Message: "the connection is read here"}}
		f.Message = strings.Replace(f.Message, name, fmt.Sprintf("%s (which calls %s at %s)", name, nameOf(r.inner), c.Site(r.inner.Pos())), 1)
	}
	if strings.HasSuffix(c.Fset.Position(f.Pos).Filename, "_test.go") {
		f.Confidence = rule.Low
	}
	if f.Category == every && f.Confidence == rule.High && r.inner == nil && !r.decodes() {
		f.Fixes = c.leave(call)
	}
	c.Report(f)
}

// nameOf returns the name of the function that a call calls.
func nameOf(call *ssa.Call) string {
	if callee := call.Call.StaticCallee(); callee != nil {
		return callee.Name()
	}
	return "the read"
}

// callAt returns the call expression whose opening parenthesis is at pos.
func (c *checker) callAt(pos token.Pos) *ast.CallExpr {
	var found *ast.CallExpr
	for _, file := range c.Files {
		if pos < file.FileStart || pos >= file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && call.Lparen == pos {
				found = call
			}
			return found == nil
		})
	}
	return found
}
