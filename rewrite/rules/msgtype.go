package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// Message types are ints in gorilla and of type MessageType in the target. A
// variable that only ever holds the type of a message that was read, and that
// is only compared with message types, printed or given back to a write,
// changes its type with the call that fills it.

// messageSources are the calls whose first result is a message type.
var messageSources = []wsapi.Symbol{"Conn.ReadMessage", "Conn.NextReader"}

// planMessageType settles the first result of the read call at c. It reports
// false after refusing.
func planMessageType(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	as, ok := assignment(c)
	if !ok {
		return planPassedOn(u, s, c)
	}
	lhs := as.Lhs[0]
	if isBlank(lhs) {
		return true
	}
	id, ok := lhs.(*ast.Ident)
	if ok {
		if v, ok := s.File.Pkg.TypesInfo.ObjectOf(id).(*types.Var); ok && retypable(u, s.File, v) {
			retypeDeclaration(u, s.File, v)
			return true
		}
	}
	// The int stays: the type is read into a variable of its own.
	at, _, _, ok := unit.Stmt(c)
	if !ok || at.Node() != ast.Node(as) {
		u.Refuse(s.Pos, "the message type is used as an int", "convert it: int(typ)")
		return false
	}
	typ := u.Fresh(s.File, c, "typ")
	if as.Tok == token.DEFINE {
		u.Replace(s.File, lhs.Pos(), lhs.End(), typ)
		op := " = "
		if id != nil && s.File.Pkg.TypesInfo.Defs[id] != nil {
			op = " := "
		}
		u.Insert(s.File, as.End(), "\n"+s.File.Text(lhs)+op+"int("+typ+")")
		return true
	}
	u.Insert(s.File, as.Pos(), "var "+typ+" "+u.Lib(s.File)+".MessageType\n")
	u.Replace(s.File, lhs.Pos(), lhs.End(), typ)
	u.Insert(s.File, as.End(), "\n"+s.File.Text(lhs)+" = int("+typ+")")
	return true
}

// planPassedOn settles a read call whose results go to the caller or to another
// call at once. It reports false after refusing.
func planPassedOn(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	f := s.File
	k, _ := c.ParentEdge()
	parent := c.Parent().Node()
	typ, p, err := u.Unused(f, c, "typ"), u.Unused(f, c, "p"), u.Unused(f, c, "err")
	// reader is what stands for the message where a reader of it was passed on.
	reader := func() string {
		if s.Symbol == "Conn.ReadMessage" {
			return p
		}
		return u.Import(f, "bytes", "bytes") + ".NewReader(" + p + ")"
	}
	switch k {
	case edge.ExprStmt_X, edge.GoStmt_Call, edge.DeferStmt_Call:
		return true // dropped
	case edge.ReturnStmt_Results:
		if len(parent.(*ast.ReturnStmt).Results) != 1 {
			break
		}
		text := "\nreturn int(" + typ + "), " + reader() + ", " + err
		if s.Symbol == "Conn.NextReader" {
			text = "\nif " + err + " != nil {\n\treturn -1, nil, " + err + "\n}\nreturn int(" + typ + "), " + reader() + ", nil"
		}
		u.Replace(f, parent.Pos(), parent.End(), typ+", "+p+", "+err+" := ", c.Node(), text)
		return true
	case edge.CallExpr_Args:
		at, ok := hoistable(f, c)
		if !ok {
			break
		}
		typ, p, err = u.Fresh(f, c, "typ"), u.Fresh(f, c, "p"), u.Fresh(f, c, "err")
		hoist(u, f, c, at, typ+", "+p+", "+err, "int("+typ+"), "+reader()+", "+err, "")
		return true
	}
	u.Refuse(s.Pos, "the results are passed on at once", "assign the results to variables first")
	return false
}

// assignment returns the assignment whose only right side is the expression at
// c.
func assignment(c inspector.Cursor) (*ast.AssignStmt, bool) {
	for {
		k, _ := c.ParentEdge()
		if k == edge.ParenExpr_X {
			c = c.Parent()
			continue
		}
		if k != edge.AssignStmt_Rhs {
			return nil, false
		}
		as := c.Parent().Node().(*ast.AssignStmt)
		return as, len(as.Rhs) == 1
	}
}

// retypable reports whether v is a local variable that only holds message
// types, only goes where a MessageType is as good, and is filled by a read or
// given to a write of the cluster, which then sees to its declaration.
func retypable(u *unit.Unit, f *flow.File, v *types.Var) bool {
	if v.IsField() || v.Parent() == nil || v.Parent() == f.Pkg.Types.Scope() || isParam(f, v) {
		return false
	}
	moved := false
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != v {
			continue
		}
		if !typeUseOK(u, f, c) {
			return false
		}
		moved = moved || movesMessage(u, f, c)
	}
	if !moved {
		return false
	}
	t := &typeFlow{u: u, seen: map[types.Object]bool{}, rets: map[*ast.FuncDecl]bool{}}
	t.variable(f, v)
	return t.set&^mayData == 0
}

func isParam(f *flow.File, v *types.Var) bool {
	for c := range f.Root.Preorder((*ast.FuncType)(nil)) {
		ft := c.Node().(*ast.FuncType)
		for _, fl := range []*ast.FieldList{ft.Params, ft.Results} {
			if fl == nil {
				continue
			}
			for _, p := range fl.List {
				for _, id := range p.Names {
					if f.Pkg.TypesInfo.Defs[id] == v {
						return true
					}
				}
			}
		}
	}
	return false
}

// typeUseOK reports whether the use at c of a message type variable is one
// that a MessageType serves as well as an int.
func typeUseOK(u *unit.Unit, f *flow.File, c inspector.Cursor) bool {
	k, i := c.ParentEdge()
	parent := c.Parent().Node()
	switch k {
	case edge.AssignStmt_Lhs:
		as := parent.(*ast.AssignStmt)
		if len(as.Rhs) == len(as.Lhs) {
			if as.Tok == token.DEFINE {
				// A number would make it an int.
				id := lastIdent(as.Rhs[i])
				return id != nil && u.SiteAt(id) != nil && messageConst(u, f, as.Rhs[i])
			}
			return messageConst(u, f, as.Rhs[i])
		}
		call, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
		return ok && i == 0 && isSource(u, f, call)
	case edge.ValueSpec_Names:
		vs := parent.(*ast.ValueSpec)
		return len(vs.Names) == 1 && vs.Type != nil && len(vs.Values) == 0 // var mt int
	case edge.BinaryExpr_X, edge.BinaryExpr_Y:
		b := parent.(*ast.BinaryExpr)
		if b.Op != token.EQL && b.Op != token.NEQ {
			return false
		}
		other := b.X
		if k == edge.BinaryExpr_X {
			other = b.Y
		}
		return messageConst(u, f, other)
	case edge.SwitchStmt_Tag:
		sw := parent.(*ast.SwitchStmt)
		for _, cl := range sw.Body.List {
			for _, e := range cl.(*ast.CaseClause).List {
				if !messageConst(u, f, e) {
					return false
				}
			}
		}
		return true
	case edge.CallExpr_Args:
		call := parent.(*ast.CallExpr)
		if tv := f.Pkg.TypesInfo.Types[call.Fun]; tv.IsType() {
			return true // int(mt) and the like
		}
		if s := callSite(u, f, call); s != nil {
			switch s.Symbol {
			case "Conn.WriteMessage", "Conn.NextWriter":
				return i == 0
			}
		}
		// Printed with a verb: the numbers are the same; %v is a difference.
		return isPrintf(f, call) && i > 0
	}
	return false
}

// isSource reports whether call reads a message in this cluster.
func isSource(u *unit.Unit, f *flow.File, call *ast.CallExpr) bool {
	s := callSite(u, f, call)
	if s == nil {
		return false
	}
	for _, m := range messageSources {
		if s.Symbol == m {
			return true
		}
	}
	return false
}

// callSite returns the cluster's site that the call is of, or nil.
func callSite(u *unit.Unit, f *flow.File, call *ast.CallExpr) *flow.Site {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		return u.SiteAt(fun.Sel)
	case *ast.Ident:
		return u.SiteAt(fun)
	}
	return nil
}

// isPrintf reports whether the call formats with constant verbs of which none
// prints a number and a type with a String method in different ways.
func isPrintf(f *flow.File, call *ast.CallExpr) bool {
	if fn := calledFunc(f, call); len(call.Args) == 0 || fn == nil || !strings.HasSuffix(fn.Name(), "f") {
		return false
	}
	tv := f.Pkg.TypesInfo.Types[call.Args[0]]
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		return false
	}
	format := constant.StringVal(tv.Value)
	for {
		_, rest, found := strings.Cut(format, "%")
		if !found {
			return true
		}
		rest = strings.TrimLeft(rest, "+-# 0123456789.[]*")
		if rest == "" || rest[0] == 'v' || rest[0] == 's' || rest[0] == 'q' {
			return false // a MessageType has a String method
		}
		format = rest[1:]
	}
}

// movesMessage reports whether the use at c of a variable is where a read of
// the cluster fills it, or where a write takes it.
func movesMessage(u *unit.Unit, f *flow.File, c inspector.Cursor) bool {
	switch k, _ := c.ParentEdge(); k {
	case edge.AssignStmt_Lhs:
		as := c.Parent().Node().(*ast.AssignStmt)
		return len(as.Rhs) < len(as.Lhs)
	case edge.CallExpr_Args:
		return callSite(u, f, c.Parent().Node().(*ast.CallExpr)) != nil
	}
	return false
}

// messageConst reports whether e is a constant that names a message type and
// stands beside one of the target: it is of the cluster, or has no type.
func messageConst(u *unit.Unit, f *flow.File, e ast.Expr) bool {
	if n, ok := unit.ConstInt(f, e); !ok || n < 0 || n > 10 {
		return false
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.BasicLit:
		return true
	case *ast.Ident, *ast.SelectorExpr:
		id := lastIdent(e)
		if u.SiteAt(id) != nil {
			return true
		}
		c, ok := f.Pkg.TypesInfo.Uses[id].(*types.Const)
		if !ok || c.Pkg() != nil && slices.Contains(connPaths, c.Pkg().Path()) {
			return false // of another cluster
		}
		b, ok := c.Type().(*types.Basic)
		return ok && b.Info()&types.IsUntyped != 0
	}
	return false
}

// retypeDeclaration changes `var mt int` to the target's type.
func retypeDeclaration(u *unit.Unit, f *flow.File, v *types.Var) {
	for c := range f.Root.Preorder((*ast.ValueSpec)(nil)) {
		vs := c.Node().(*ast.ValueSpec)
		for _, id := range vs.Names {
			if f.Pkg.TypesInfo.Defs[id] == v && vs.Type != nil {
				if !u.Once(vs) {
					return
				}
				u.Replace(f, vs.Type.Pos(), vs.Type.End(), u.Lib(f)+".MessageType")
			}
		}
	}
}

// convertType plans the message type argument of a write or NextWriter that
// writes a data message. It reports false where the type may be another.
func convertType(u *unit.Unit, s *flow.Site, typ ast.Expr) bool {
	f := s.File
	if n, ok := unit.ConstInt(f, typ); ok {
		name := map[int64]string{1: "MessageText", 2: "MessageBinary"}[n]
		if name == "" {
			return false
		}
		u.Replace(f, typ.Pos(), typ.End(), u.Lib(f)+"."+name)
		u.ClaimWithin(f, typ)
		return true
	}
	if messageTypes(u, f, typ)&^mayData != 0 {
		return false
	}
	if v, ok := objectOf(f, typ).(*types.Var); ok && retypable(u, f, v) {
		retypeDeclaration(u, f, v)
		return true
	}
	u.Replace(f, typ.Pos(), typ.End(), u.Lib(f)+".MessageType(", typ, ")")
	return true
}

// refuseType says that the type of the message at s may be one that the target
// does not write.
func refuseType(u *unit.Unit, s *flow.Site) {
	if n, ok := unit.ConstInt(s.File, unit.Call(s).Args[0]); ok {
		u.Refuse(s.Pos, controlName(n)+" messages cannot be written this way", "close with Conn.Close(code, reason), ping with Conn.Ping(ctx)")
		u.ClaimWithin(s.File, unit.Call(s).Args[0])
		return
	}
	u.Refuse(s.Pos, "the message type is not known to be text or binary", "pass websocket.MessageText or websocket.MessageBinary")
}
