package wsclose

import (
	_ "embed"
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

// Analyzer reports connections and writers that are not closed, or are used
// outside their life, and locks around them that are never given back.
var Analyzer = rule.Rule{
	Name: "wsclose", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
}.Analyzer()

// Categories.
const (
	leak    = "leak"    // a connection is not closed on a path
	early   = "early"   // used before the error was looked at
	writer  = "writer"  // a message's writer is not closed
	late    = "late"    // written to after it was closed
	relock  = "relock"  // a deferred Lock
	holding = "holding" // a deferred Unlock in a loop
)

func run(pass *rule.Pass) {
	if len(pass.TypeErrors) > 0 {
		// What SSA makes of a package with errors may be odd in ways that
		// nothing here expects.
		defer func() { recover() }()
	}
	if !concerned(pass) {
		return
	}
	pkg := pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Package()
	if pkg == nil {
		return
	}
	c := &checker{Pass: pass, ssa: pkg, lends: make(map[*ssa.Parameter]bool)}
	for _, fn := range pkg.Funcs {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				if call, ok := instr.(*ssa.Call); ok {
					c.opening(call)
					c.lateWrites(call)
				}
			}
		}
		c.locks(fn)
	}
}

// concerned reports whether the package opens, writes to or closes connections,
// so that most packages need no SSA.
func concerned(pass *rule.Pass) bool {
	for _, obj := range pass.TypesInfo.Uses {
		if fn, ok := obj.(*types.Func); ok {
			if _, row := wsapi.Lookup(fn); row != nil && row.Roles.Any(wsapi.Dials|wsapi.Upgrades|wsapi.Writes|wsapi.Closes) {
				return true
			}
		}
	}
	return false
}

// A checker looks at one package.
type checker struct {
	*rule.Pass
	ssa   *lazyssa.Package
	lends map[*ssa.Parameter]bool // parameters that a function uses and gives back
}

// report reports f, in test files as of low confidence.
func (c *checker) report(f rule.Finding) {
	if strings.HasSuffix(c.Fset.Position(f.Pos).Filename, "_test.go") {
		f.Confidence = rule.Low
	}
	c.Report(f)
}

func lookup(fn *ssa.Function) (*wsapi.Library, *wsapi.Func) {
	if fn == nil {
		return nil, nil
	}
	obj, _ := fn.Object().(*types.Func)
	return wsapi.Lookup(obj)
}

// connArg returns the connection among the arguments of a library's function,
// or nil.
func connArg(call *ssa.CallCommon, row *wsapi.Func) ssa.Value {
	i := row.Conn
	switch {
	case i == wsapi.Receiver:
		i = 0
	case i >= 0 && call.Signature().Recv() != nil:
		i++
	}
	if i < 0 || i >= len(call.Args) {
		return nil
	}
	return call.Args[i]
}

// results returns the connection or writer and the error that a call returns,
// nil where the caller drops them.
func results(call *ssa.Call) (v, err ssa.Value) {
	for _, ref := range *call.Referrers() {
		ex, ok := ref.(*ssa.Extract)
		if !ok {
			continue
		}
		switch {
		case ex.Index == 0:
			v = ex
		case isError(ex.Type()):
			err = ex
		}
	}
	return v, err
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
