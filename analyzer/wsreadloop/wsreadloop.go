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
	"github.com/wsmigrate/wsmigrate/analyzer/internal/readfail"
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
	if !reads(pass) {
		return
	}
	pkg := pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package()
	if pkg == nil {
		return
	}
	c := &checker{Pass: pass}
	c.survey()
	prog := readfail.New(pkg)
	for _, fn := range pkg.Funcs {
		if pkg.Guessed(fn) {
			continue // what becomes of the error is not known
		}
		for _, r := range prog.Calls(fn, wsapi.Reads) {
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
	deadlines bool // a read deadline is set somewhere
}

// survey notes what holds for the whole package.
func (c *checker) survey() {
	for _, obj := range c.TypesInfo.Uses {
		fn, ok := obj.(*types.Func)
		if !ok {
			continue
		}
		// A method of the net.Conn below does it too.
		if _, row := wsapi.Lookup(fn); row != nil && row.Roles.Has(wsapi.SetsReadDeadline) || fn.Name() == "SetReadDeadline" || fn.Name() == "SetDeadline" {
			c.deadlines = true
		}
	}
}

// check reports r if the loop around it goes on after a failure.
func (c *checker) check(r *readfail.Call) {
	var failures []wsapi.Failure
	for _, f := range r.Lib.Failures {
		if !f.Timeout || c.deadlines {
			failures = append(failures, f)
		}
	}
	if through, sure := r.Survivors(failures); len(through) > 0 {
		c.report(r, through, len(failures), sure)
	}
}

func (c *checker) report(r *readfail.Call, through []wsapi.Failure, of int, sure rule.Confidence) {
	f := rule.Finding{Pos: r.SSA.Pos(), Confidence: sure}
	name := nameOf(r.SSA)
	call := c.callAt(r.SSA.Pos())
	if call != nil {
		f.Pos, f.End = call.Pos(), call.End()
	}
	switch {
	case r.Unused():
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
	f.Message += fmt.Sprintf("; with %s every later read then fails at once, so the loop spins: leave it on every error", r.Lib.Name)
	if r.Inner != nil {
		f.Related = []analysis.RelatedInformation{{Pos: r.Inner.Pos(), Message: "the connection is read here"}}
		f.Message = strings.Replace(f.Message, name, fmt.Sprintf("%s (which calls %s at %s)", name, nameOf(r.Inner), c.Site(r.Inner.Pos())), 1)
	}
	if strings.HasSuffix(c.Fset.Position(f.Pos).Filename, "_test.go") {
		f.Confidence = rule.Low
	}
	if f.Category == every && f.Confidence == rule.High && r.Inner == nil && !r.Decodes() {
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
