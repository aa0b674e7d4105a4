package rules

import (
	"go/ast"
	"go/constant"
	"go/token"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var compressionRule = &unit.Rule{
	Name: "compression",
	Doc: `EnableWriteCompression and SetCompressionLevel are deleted where no Upgrader or Dialer of the cluster enables
compression, since they did nothing there. Elsewhere a level that flate has is dropped too, as the target compresses
at a level of its own, and what switches compression off for some messages is refused: the target compresses by size.`,
	Plan: func(u *unit.Unit) {
		on := compresses(u)
		for _, s := range u.Sites("Conn.EnableWriteCompression", "Conn.SetCompressionLevel") {
			u.Claim(s)
			m, _ := wsapi.MappingOf(s.Symbol)
			call := unit.Call(s)
			if call == nil {
				u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it directly")
				continue
			}
			arg := s.File.Pkg.TypesInfo.Types[call.Args[0]]
			// The default of both says nothing.
			isDefault := arg.Value != nil && (arg.Value.Kind() == constant.Bool && constant.BoolVal(arg.Value) ||
				arg.Value.Kind() == constant.Int && constant.Compare(arg.Value, token.EQL, constant.MakeInt64(1)))
			level := s.Symbol == "Conn.SetCompressionLevel"
			switch {
			case on && !isDefault && !level:
				u.Refuse(s.Pos, "compression is enabled, and the target cannot set it for a connection", m.ByHand)
			case !dropCall(u, s, call):
				u.Refuse(s.Pos, "the call cannot be taken out of its statement", "delete it")
			case on && !isDefault:
				u.Note(s.File, call.Pos(), "compression", "the level of compression is the target's own; what the peer reads is the same")
			case !on:
				u.Note(s.File, call.Pos(), "compression", "the call is gone: nothing here enables compression, so it did nothing")
			}
		}
	},
}

// compresses reports whether the cluster may negotiate compression.
func compresses(u *unit.Unit) bool {
	for _, s := range u.All("Upgrader.EnableCompression", "Dialer.EnableCompression") {
		var v ast.Expr
		switch p := s.Cursor.Parent().Node().(type) {
		case *ast.KeyValueExpr:
			v = p.Value
		case *ast.SelectorExpr:
			if as, ok := s.Cursor.Parent().Parent().Node().(*ast.AssignStmt); ok && len(as.Rhs) == 1 {
				v = as.Rhs[0]
			}
		}
		if v == nil {
			return true
		}
		if tv := s.File.Pkg.TypesInfo.Types[v]; tv.Value == nil || constant.BoolVal(tv.Value) {
			return true
		}
	}
	return false
}

// dropCall deletes the statement of a call that returned nothing but nil: the
// call alone, its result dropped, or tested for an error.
func dropCall(u *unit.Unit, s *flow.Site, call *ast.CallExpr) bool {
	f := s.File
	c, _ := unit.CallCursor(s)
	if !pure(call.Args[0]) {
		return false
	}
	if s.Symbol == "Conn.SetCompressionLevel" {
		// gorilla returns an error for levels that flate does not have.
		if n, ok := unit.ConstInt(f, call.Args[0]); !ok || n < -2 || n > 9 {
			return false
		}
	}
	c = unit.OutermostParen(c)
	k, _ := c.ParentEdge()
	switch k {
	case edge.ExprStmt_X:
		u.DeleteStmt(f, c.Parent().Node().(ast.Stmt))
		return true
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		if len(as.Lhs) != 1 {
			return false
		}
		if kk, _ := c.Parent().ParentEdge(); kk == edge.IfStmt_Init {
			is := c.Parent().Parent().Node().(*ast.IfStmt)
			if is.Else == nil && unit.IsErrNotNil(f, is.Cond, objectOf(f, as.Lhs[0])) && as.Tok == token.DEFINE {
				if at, _, _, ok := unit.Stmt(c); ok && at.Node() == ast.Node(is) {
					u.DeleteStmt(f, is)
					return true
				}
			}
			return false
		}
		if isBlank(as.Lhs[0]) {
			u.DeleteStmt(f, as)
			return true
		}
	}
	return false
}
