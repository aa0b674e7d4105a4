package rules

import (
	"go/ast"
	"go/types"
	"strconv"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var identRule = &unit.Rule{
	Name: "ident",
	Doc: `Types and constants take the target's name for them. gorilla's constants are untyped; where one was used as an int,
such as a field, a parameter or a map key, the target's typed constant is converted: int(websocket.MessageText). So it
is where it was given another type: uint16(websocket.StatusGoingAway).`,
	Plan: func(u *unit.Unit) {
		planBridges(u)
		for _, s := range u.Sites() {
			m, ok := wsapi.MappingOf(s.Symbol)
			if !ok {
				continue
			}
			switch {
			case s.Symbol == "Conn":
				u.Claim(s)
				if makesZero(s) {
					planZeroConn(u, s)
				}
				if u.Wrapper != "" {
					x := unit.Qualified(s)
					u.Replace(s.File, x.Pos(), x.End(), homeName(u, s.File, u.Wrapper))
				}
			case s.Symbol == "Conn.Subprotocol":
				u.Claim(s)
			case m.Kind == wsapi.Const:
				planConst(u, s, m)
			}
		}
	},
}

// planBridges drops the calls by which half migrated code goes from compat to
// nhooyr's connections and back.
func planBridges(u *unit.Unit) {
	for _, s := range u.Sites("Conn.Unwrap", "Wrap") {
		call := unit.Call(s)
		if call == nil || u.Target.Name != wsapi.TargetNhooyr.Name {
			u.RefuseSite(s, "code that is already native is reached through compat's "+string(s.Symbol), "convert it to nhooyr first")
			continue
		}
		u.Claim(s)
		if s.Symbol == "Wrap" {
			u.Replace(s.File, call.Pos(), call.End(), call.Args[0])
			continue
		}
		u.Replace(s.File, call.Pos(), call.End(), unit.Recv(s))
	}
}

// planZeroConn leaves a Conn that nobody has opened, such as tests have, what it
// is. gorilla's and the target's panic in the same calls, but for SetReadLimit.
func planZeroConn(u *unit.Unit, s *flow.Site) {
	for _, l := range u.All("Conn.SetReadLimit") {
		if unit.Recv(l) == nil || !madeByCluster(u, l.File, unit.Recv(l)) {
			u.Refuse(s.Pos, "a zero Conn of the target has no read limit that could be set", "take a connection that Accept or Dial has made")
			return
		}
	}
}

// makesZero reports whether a use of the type Conn makes a value of it.
func makesZero(s *flow.Site) bool {
	c := unit.OutermostParen(qualifiedCursor(s))
	switch k, _ := c.ParentEdge(); k {
	case edge.CompositeLit_Type:
		return true
	case edge.CallExpr_Args:
		id, ok := ast.Unparen(c.Parent().Node().(*ast.CallExpr).Fun).(*ast.Ident)
		return ok && s.File.Pkg.TypesInfo.Uses[id] == types.Universe.Lookup("new")
	}
	return false
}

// planConst converts a constant that no call has claimed.
func planConst(u *unit.Unit, s *flow.Site, m wsapi.Mapping) {
	to := m.To(u.Target)
	n, _ := unit.ConstInt(s.File, unit.Qualified(s))
	if len(to) == 0 || n == 8 || n == 9 || n == 10 {
		// A comparison with a type that no read returns is dead code before
		// and after.
		if n >= 8 && n <= 10 && comparedType(u, s) {
			u.Claim(s)
			x := unit.Qualified(s)
			u.Replace(s.File, x.Pos(), x.End(), u.Lib(s.File)+".MessageType("+strconv.FormatInt(n, 10)+")")
			return
		}
		planOpcode(u, s, n)
		return
	}
	u.Claim(s)
	x := unit.Qualified(s)
	name := u.Lib(s.File) + "." + string(to[0])
	if typedContext(u, s) {
		u.Replace(s.File, x.Pos(), x.End(), name)
		return
	}
	u.Replace(s.File, x.Pos(), x.End(), numberType(u, s.File, x)+"("+name+")")
}

// numberType returns the name of the type that the untyped constant e takes on
// where it stands.
func numberType(u *unit.Unit, f *flow.File, e ast.Expr) string {
	var o *types.TypeName
	switch t := types.Unalias(f.Pkg.TypesInfo.TypeOf(e)).(type) {
	case *types.Basic:
		if t.Info()&types.IsUntyped == 0 {
			return t.Name()
		}
	case *types.Named:
		o = t.Obj()
	case *types.TypeParam:
		o = t.Obj()
	}
	switch {
	case o == nil || o.Pkg() == nil:
		return "int"
	case o.Pkg() == f.Pkg.Types:
		return o.Name()
	}
	return u.Import(f, o.Pkg().Path(), o.Pkg().Name()) + "." + o.Name()
}

// planOpcode converts the type of a control message that is a mere number: it
// is compared, or handed to code that writes messages of any type.
func planOpcode(u *unit.Unit, s *flow.Site, n int64) {
	name := map[int64]string{8: "opcodeClose", 9: "opcodePing", 10: "opcodePong"}[n]
	if name == "" || n == 10 && !compared(s) {
		return
	}
	if useHelper(u, s, name) {
		u.Claim(s)
		x := unit.Qualified(s)
		u.Replace(s.File, x.Pos(), x.End(), name)
	}
}

// compared reports whether the constant is one side of a comparison.
func compared(s *flow.Site) bool {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	switch k, _ := unit.OutermostParen(c).ParentEdge(); k {
	case edge.BinaryExpr_X, edge.BinaryExpr_Y, edge.CaseClause_List:
		return true
	}
	return false
}

const opcodeCloseHelper = `
// opcodeClose is the message type of a close frame.
const opcodeClose = 8
`

const opcodePingHelper = `
// opcodePing is the message type of a ping.
const opcodePing = 9
`

const opcodePongHelper = `
// opcodePong is the message type of a pong.
const opcodePong = 10
`

// comparedType reports whether the constant is compared with a message type
// variable that changes its type.
func comparedType(u *unit.Unit, s *flow.Site) bool {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	info := s.File.Pkg.TypesInfo
	retyped := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		if !ok {
			return false
		}
		v, ok := info.ObjectOf(id).(*types.Var)
		return ok && retypable(u, s.File, v)
	}
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X:
		return retyped(c.Parent().Node().(*ast.BinaryExpr).Y)
	case edge.BinaryExpr_Y:
		return retyped(c.Parent().Node().(*ast.BinaryExpr).X)
	case edge.CaseClause_List:
		sw, ok := c.Parent().Parent().Parent().Node().(*ast.SwitchStmt)
		return ok && sw.Tag != nil && retyped(sw.Tag)
	case edge.AssignStmt_Rhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		return len(as.Lhs) == len(as.Rhs) && retyped(as.Lhs[i])
	}
	return false
}

// typedContext reports whether the constant stands where the target's type is
// expected: beside a message type variable, or beside a close code.
func typedContext(u *unit.Unit, s *flow.Site) bool {
	if comparedType(u, s) {
		return true
	}
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	isCode := func(e ast.Expr) bool {
		sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
		if !ok {
			return false
		}
		site := u.SiteAt(sel.Sel)
		return site != nil && site.Symbol == "CloseError.Code"
	}
	switch k, _ := c.ParentEdge(); k {
	case edge.BinaryExpr_X:
		return isCode(c.Parent().Node().(*ast.BinaryExpr).Y)
	case edge.BinaryExpr_Y:
		return isCode(c.Parent().Node().(*ast.BinaryExpr).X)
	case edge.CaseClause_List:
		sw, ok := c.Parent().Parent().Parent().Node().(*ast.SwitchStmt)
		return ok && sw.Tag != nil && isCode(sw.Tag)
	}
	return false
}
