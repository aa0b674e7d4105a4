package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"net/url"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const hostNote = "a URL without a host, which net/http refuses, is dialled as one of localhost: the Dialer takes no notice of the address"

const urlWithHostHelper = `
// urlWithHost returns the URL with localhost as its host if it has none. What
// dials takes no notice of the host, but net/http wants one.
func urlWithHost(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host != "" {
		return s
	}
	u.Host = "localhost"
	return u.String()
}
`

// withHost returns the URL that the call at s dials. gorilla dials one that has
// no host like any other, which works where the program's own function dials
// and takes no notice of the address.
func (d *dialPlan) withHost(s *flow.Site, e ast.Expr) []any {
	u := d.u
	if hasHost(s.File, e) || !ignoresAddress(u) || !useHelper(u, s, "urlWithHost") {
		return []any{e}
	}
	u.Note(s.File, e.Pos(), "dial", hostNote)
	return []any{"urlWithHost(", e, ")"}
}

// hasHost reports whether e is a URL with a constant beginning that has a host.
func hasHost(f *flow.File, e ast.Expr) bool {
	for f.Pkg.TypesInfo.Types[e].Value == nil {
		b, ok := ast.Unparen(e).(*ast.BinaryExpr)
		if !ok || b.Op != token.ADD {
			return false
		}
		e = b.X
	}
	tv := f.Pkg.TypesInfo.Types[e]
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return false
	}
	u, err := url.Parse(constant.StringVal(tv.Value))
	return err == nil && u.Host != ""
}

// ignoresAddress reports whether a function that a Dialer of the cluster dials
// with takes no notice of the address.
func ignoresAddress(u *unit.Unit) bool {
	for _, s := range u.All(netDials...) {
		f, _, typ, body := funcOf(u, s.File, orNil(fieldValue(s)))
		if body != nil && !usesLast(f, typ, body) {
			return true
		}
	}
	return false
}

// fieldValue returns what a literal or an assignment gives the field at s, or
// nil.
func fieldValue(s *flow.Site) ast.Expr {
	c := s.Cursor
	switch k, _ := c.ParentEdge(); k {
	case edge.KeyValueExpr_Key:
		return c.Parent().Node().(*ast.KeyValueExpr).Value
	case edge.SelectorExpr_Sel:
		c = unit.OutermostParen(c.Parent())
		if k, i := c.ParentEdge(); k == edge.AssignStmt_Lhs {
			if as := c.Parent().Node().(*ast.AssignStmt); len(as.Lhs) == len(as.Rhs) {
				return as.Rhs[i]
			}
		}
	}
	return nil
}

// usesLast reports whether the function uses its last parameter.
func usesLast(f *flow.File, typ *ast.FuncType, body *ast.BlockStmt) bool {
	list := typ.Params.List
	if len(list) == 0 || len(list[len(list)-1].Names) == 0 {
		return false
	}
	names := list[len(list)-1].Names
	v, ok := f.Pkg.TypesInfo.Defs[names[len(names)-1]].(*types.Var)
	return ok && countUses(f, body, v) > 0
}
