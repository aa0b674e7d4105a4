package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// planErrValue converts a test for an error value of the library.
func planErrValue(u *unit.Unit, s *flow.Site, to func(*flow.File) string) {
	u.Claim(s)
	f, x := s.File, unit.Qualified(s)
	test, other, negated := errorTest(s)
	switch test := test.(type) {
	case *ast.BinaryExpr:
		not := ""
		if negated {
			not = "!"
		}
		u.Replace(f, test.Pos(), test.End(), not+u.Import(f, "errors", "errors")+".Is(", other, ", "+to(f)+")")
	case *ast.CallExpr:
		u.Replace(f, x.Pos(), x.End(), to(f))
	default:
		m, _ := wsapi.MappingOf(s.Symbol)
		u.Refuse(s.Pos, string(s.Symbol)+" is used other than in a comparison", m.ByHand)
	}
}

// errorTest returns the comparison with the error value at s, or the call of
// errors.Is that it is the target of, and the error that is tested; nil where
// it is neither.
func errorTest(s *flow.Site) (test, other ast.Expr, negated bool) {
	c := s.Cursor
	if c.Node() != ast.Node(unit.Qualified(s)) {
		c = c.Parent()
	}
	c = unit.OutermostParen(c)
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := c.Parent().Node().(*ast.BinaryExpr)
		other := b.X
		if k == edge.BinaryExpr_X {
			other = b.Y
		}
		if b.Op == token.EQL || b.Op == token.NEQ {
			return b, other, b.Op == token.NEQ
		}
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		if i == 1 && isErrorsFunc(calledFunc(s.File, call), "Is") {
			return call, call.Args[0], false
		}
	}
	return nil, nil, false
}

// errorsPackages are packages whose Is and As are those of package errors.
var errorsPackages = []string{
	"errors", "golang.org/x/xerrors", "github.com/pkg/errors", "emperror.dev/errors", "github.com/cockroachdb/errors",
	"github.com/go-errors/errors", "github.com/friendsofgo/errors", "gitlab.com/tozd/go/errors",
}

// isErrorsFunc reports whether fn is the function of package errors, or of one
// that passes it on.
func isErrorsFunc(fn *types.Func, name string) bool {
	return fn != nil && fn.Name() == name && fn.Pkg() != nil && slices.Contains(errorsPackages, fn.Pkg().Path())
}

// planReadLimit converts a test for ErrReadLimit, which nhooyr tells by the
// text of the error alone.
func planReadLimit(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	test, other, negated := errorTest(s)
	if test == nil {
		m, _ := wsapi.MappingOf(s.Symbol)
		u.Refuse(s.Pos, string(s.Symbol)+" is used other than in a comparison", m.ByHand)
		return
	}
	if !useHelper(u, s, "isReadLimit") {
		return
	}
	name := "isReadLimit("
	if negated {
		name = "!" + name
	}
	u.Replace(s.File, test.Pos(), test.End(), name, other, ")")
}

const isReadLimitHelper = `
// isReadLimit reports whether err says that a message was larger than the read
// limit. The library has no error value for it.
func isReadLimit(err error) bool {
	return err != nil && strings.Contains(err.Error(), "read limited at ")
}
`

// planBadHandshake converts a test for ErrBadHandshake to one of the response
// that the same Dial returned.
func planBadHandshake(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	f := s.File
	c := s.Cursor
	if c.Node() != ast.Node(unit.Qualified(s)) {
		c = c.Parent()
	}
	c = unit.OutermostParen(c)
	var other ast.Expr
	var test ast.Expr
	negated := false
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := c.Parent().Node().(*ast.BinaryExpr)
		other, test = b.X, b
		if k == edge.BinaryExpr_X {
			other = b.Y
		}
		negated = b.Op == token.NEQ
		c = c.Parent()
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		if i == 1 && isErrorsFunc(calledFunc(f, call), "Is") {
			other, test = call.Args[0], call
			c = c.Parent()
			if k, _ := c.ParentEdge(); k == edge.UnaryExpr_X {
				negated = true
				c = c.Parent()
				test = c.Node().(ast.Expr)
			}
		}
	}
	err, _ := objectOf(f, orNil(other)).(*types.Var)
	resp := ""
	if test != nil && err != nil {
		resp = dialResponse(u, f, c, err)
	}
	if resp == "" {
		m, _ := wsapi.MappingOf(s.Symbol)
		u.Refuse(s.Pos, "the response of the Dial that failed is not at hand", m.ByHand)
		return
	}
	op, join := " != nil", " && "
	cmp := " != nil"
	if negated {
		op, join, cmp = " == nil", " || ", " == nil"
	}
	if inErrorBranch(f, c, err) {
		u.Replace(f, test.Pos(), test.End(), resp+op)
		return
	}
	text := err.Name() + cmp + join + resp + op
	if needsParens(c, map[bool]string{false: "&&", true: "||"}[negated]) {
		text = "(" + text + ")"
	}
	u.Replace(f, test.Pos(), test.End(), text)
}

// dialResponse returns the name of the variable that holds the response of the
// Dial whose error is err, naming it if it was dropped.
func dialResponse(u *unit.Unit, f *flow.File, c inspector.Cursor, err *types.Var) string {
	var found *ast.AssignStmt
	n := 0
	for a := range f.Root.Preorder((*ast.AssignStmt)(nil)) {
		as := a.Node().(*ast.AssignStmt)
		for _, l := range as.Lhs {
			if objectOf(f, l) != types.Object(err) {
				continue
			}
			if as.Pos() < c.Node().Pos() {
				n++
				found = as
			}
		}
	}
	if n != 1 || len(found.Lhs) != 3 || len(found.Rhs) != 1 {
		return ""
	}
	call, ok := ast.Unparen(found.Rhs[0]).(*ast.CallExpr)
	if !ok {
		return ""
	}
	cs := callSite(u, f, call)
	if cs == nil || cs.Symbol != "Dialer.Dial" && cs.Symbol != "Dialer.DialContext" {
		return ""
	}
	if v, ok := objectOf(f, found.Lhs[1]).(*types.Var); ok {
		if _, o := f.Pkg.Types.Scope().Innermost(c.Node().Pos()).LookupParent(v.Name(), c.Node().Pos()); o == types.Object(v) {
			return v.Name()
		}
		return ""
	}
	if !isBlank(found.Lhs[1]) || found.Tok != token.DEFINE || !u.Once(found) {
		return ""
	}
	name := u.Fresh(f, c, "resp")
	u.Replace(f, found.Lhs[1].Pos(), found.Lhs[1].End(), name)
	return name
}
