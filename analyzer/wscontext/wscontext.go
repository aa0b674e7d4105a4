package wscontext

import (
	_ "embed"
	"fmt"
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

// Analyzer reports contexts that end before what they were given to.
var Analyzer = rule.Rule{
	Name: "wscontext", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
}.Analyzer()

// Categories.
const (
	request  = "request"  // a request's context in a goroutine that outlives the handler
	canceled = "canceled" // a context that the function cancels when it returns
	bound    = "bound"    // a connection bound to such a context
	timeout  = "timeout"  // a time limit that closes the connection while the loop goes on
)

func run(pass *rule.Pass) {
	if !concerned(pass) {
		return
	}
	pkg := pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package()
	if pkg == nil {
		return
	}
	c := &checker{Pass: pass, ssa: pkg, waiting: make(map[*ssa.Function]wait)}
	prog := readfail.New(pkg)
	for _, fn := range pkg.Funcs {
		c.outlived(fn)
		for _, call := range prog.Calls(fn, wsapi.Reads|wsapi.Writes) {
			c.expires(call)
		}
	}
}

// concerned reports whether the package opens connections or gives contexts to
// them, so that most packages need no SSA.
func concerned(pass *rule.Pass) bool {
	for _, obj := range pass.TypesInfo.Uses {
		if fn, ok := obj.(*types.Func); ok {
			if _, row := wsapi.Lookup(fn); row != nil && row.Roles.Any(wsapi.Dials|wsapi.Upgrades|wsapi.WantsContext) {
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
	waiting map[*ssa.Function]wait
}

// tier lowers a finding's confidence in test files.
func (c *checker) tier(f rule.Finding) rule.Finding {
	if strings.HasSuffix(c.Fset.Position(f.Pos).Filename, "_test.go") {
		f.Confidence = rule.Low
	}
	return f
}

// expires reports a call with a time limit of its own, after which the loop
// goes on with a connection that the library has closed.
func (c *checker) expires(call *readfail.Call) {
	inner := call.SSA
	if call.Inner != nil {
		inner = call.Inner
	}
	lib, row := lookup(inner.Call.StaticCallee())
	if row == nil || !row.Roles.Has(wsapi.WantsContext) {
		return
	}
	with := limited(readfail.ContextOf(inner), 0)
	if with == nil || call.Inner == nil && !call.InLoop(with) {
		return
	}
	through, sure := call.Survivors([]wsapi.Failure{wsapi.Expired})
	if len(through) == 0 {
		return
	}
	if others, _ := call.Survivors(lib.Failures); len(others) > 0 {
		if row.Roles.Has(wsapi.Reads) {
			return // the loop goes on whatever happens: wsreadloop's finding
		}
		sure = rule.Low
	}
	name := inner.Call.StaticCallee().Name()
	c.Report(c.tier(rule.Finding{
		Pos: call.SSA.Pos(), Category: timeout, Confidence: sure,
		Message: fmt.Sprintf("the loop goes on when the context made at %s ends, but %s closes the connection when the context of %s ends: every later call fails", c.Site(with.Pos()), lib.Name, name),
		Related: []analysis.RelatedInformation{{Pos: with.Pos(), Message: "the context that ends"}},
	}), inner.Pos())
}

// limited returns the call of context.WithTimeout or WithDeadline that made v.
func limited(v ssa.Value, depth int) *ssa.Call {
	if v == nil || depth > 6 {
		return nil
	}
	call := contextCall(v)
	if call == nil {
		return nil
	}
	switch call.Call.StaticCallee().Name() {
	case "WithTimeout", "WithDeadline", "WithTimeoutCause", "WithDeadlineCause":
		return call
	case "WithoutCancel":
		return nil
	}
	return limited(call.Call.Args[0], depth+1)
}

// contextCall returns the call of a function of package context whose context v
// is, or nil.
func contextCall(v ssa.Value) *ssa.Call {
	if ex, ok := v.(*ssa.Extract); ok && ex.Index == 0 {
		v = ex.Tuple
	}
	call, ok := v.(*ssa.Call)
	if !ok {
		return nil
	}
	fn := call.Call.StaticCallee()
	if fn == nil || fn.Object() == nil || fn.Object().Pkg() == nil || fn.Object().Pkg().Path() != "context" || len(call.Call.Args) == 0 {
		return nil
	}
	return call
}

func lookup(fn *ssa.Function) (*wsapi.Library, *wsapi.Func) {
	if fn == nil {
		return nil, nil
	}
	obj, _ := fn.Object().(*types.Func)
	return wsapi.Lookup(obj)
}
