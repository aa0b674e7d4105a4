package wsorigin

import (
	"fmt"
	"go/ast"
	"go/types"
	"path"
	"strings"
)

// acceptsAll is the fact of an exported function that is a check which accepts
// every Origin, or returns one.
type acceptsAll struct {
	// Factory says that the function returns the check.
	Factory bool
	// Site is where the check is, as file.go:line.
	Site string
}

// AFact marks acceptsAll as a fact of go/analysis.
func (*acceptsAll) AFact() {}

// String says what the function does, for tests and for debugging.
func (f *acceptsAll) String() string {
	if f.Factory {
		return "returns a check that accepts all"
	}
	return "accepts all"
}

// export writes down the facts of the package's functions.
func (c *checker) export() {
	for fn, decl := range c.bodies {
		sig := fn.Signature()
		if !fn.Exported() || decl.Body == nil || sig.Results().Len() != 1 || c.inTest(decl.Pos()) {
			continue
		}
		var v verdict
		result, factory := sig.Results().At(0).Type().Underlying().(*types.Signature)
		switch {
		case factory && checkShaped(result):
			v = c.made(decl.Body, make(map[types.Object]bool))
		case checkShaped(sig):
			v = c.body(decl, decl.Type, decl.Body)
		}
		if v.answer != yes || !v.certain {
			continue
		}
		posn := c.Fset.Position(v.at)
		c.ExportObjectFact(fn, &acceptsAll{factory, fmt.Sprintf("%s:%d", path.Base(strings.ReplaceAll(posn.Filename, `\`, "/")), posn.Line)})
	}
}

// checkShaped reports whether a function with the signature can be a check: it
// looks at a request, and says yes or no.
func checkShaped(sig *types.Signature) bool {
	if sig.Results().Len() != 1 {
		return false
	}
	t := sig.Results().At(0).Type()
	if !isBool(t) && !types.Identical(t, types.Universe.Lookup("error").Type()) {
		return false
	}
	for v := range sig.Params().Variables() {
		p, ok := types.Unalias(v.Type()).(*types.Pointer)
		if !ok {
			continue
		}
		named, ok := types.Unalias(p.Elem()).(*types.Named)
		if !ok || named.Obj().Pkg() == nil {
			continue
		}
		switch named.Obj().Name() {
		case "Request":
			return named.Obj().Pkg().Path() == "net/http"
		case "RequestCtx":
			return true
		}
	}
	return false
}

// imported returns what is known of another package's function.
func (c *checker) imported(fn *types.Func, factory bool, at ast.Node) verdict {
	var f acceptsAll
	if fn.Pkg() == nil || fn.Pkg() == c.Pkg || !c.ImportObjectFact(fn.Origin(), &f) || f.Factory != factory {
		return verdict{}
	}
	return verdict{answer: yes, at: at.Pos(), certain: true, far: fn.Pkg().Name() + "." + fn.Name() + " at " + f.Site}
}
