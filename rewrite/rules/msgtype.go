package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
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
		k, _ := c.ParentEdge()
		switch k {
		case edge.ExprStmt_X, edge.GoStmt_Call, edge.DeferStmt_Call:
			return true
		case edge.CallExpr_Args:
			if at, ok := hoistable(s.File, c); ok && s.Symbol == "Conn.ReadMessage" {
				typ, p, err := u.Fresh(s.File, c, "typ"), u.Fresh(s.File, c, "p"), u.Fresh(s.File, c, "err")
				hoist(u, s.File, c, at, typ+", "+p+", "+err, "int("+typ+"), "+p+", "+err, "")
				return true
			}
		case edge.ReturnStmt_Results:
			if s.Symbol == "Conn.ReadMessage" && len(c.Parent().Node().(*ast.ReturnStmt).Results) == 1 {
				typ, p, err := u.Unused(s.File, c, "typ"), u.Unused(s.File, c, "p"), u.Unused(s.File, c, "err")
				ret := c.Parent().Node()
				u.Replace(s.File, ret.Pos(), ret.End(), typ+", "+p+", "+err+" := ", c.Node(), "\nreturn int("+typ+"), "+p+", "+err)
				return true
			}
			u.Refuse(s.Pos, "the message type is returned as an int", "convert it: typ, p, err := c.Read(ctx), then return int(typ), p, err")
			return false
		}
		u.Refuse(s.Pos, "the results are passed on at once", "assign the results to variables first")
		return false
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
// types and only goes where a MessageType is as good.
func retypable(u *unit.Unit, f *flow.File, v *types.Var) bool {
	if v.IsField() || v.Parent() == nil || v.Parent() == f.Pkg.Types.Scope() || isParam(f, v) {
		return false
	}
	ok := true
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != v {
			continue
		}
		if !typeUseOK(u, f, c) {
			ok = false
			break
		}
	}
	return ok
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
		if len(as.Rhs) != 1 {
			return len(as.Rhs) == len(as.Lhs) && messageConst(f, as.Rhs[i])
		}
		if len(as.Lhs) == 1 {
			return messageConst(f, as.Rhs[0])
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
		return f.Pkg.TypesInfo.Types[other].Value != nil && messageConst(f, other)
	case edge.SwitchStmt_Tag:
		sw := parent.(*ast.SwitchStmt)
		for _, cl := range sw.Body.List {
			for _, e := range cl.(*ast.CaseClause).List {
				if !messageConst(f, e) {
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

// messageConst reports whether e is a constant that names a message type, or
// a literal number.
func messageConst(f *flow.File, e ast.Expr) bool {
	n, ok := unit.ConstInt(f, e)
	return ok && n >= 0 && n <= 10
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

// convertType plans the message type argument of a write or NextWriter. It
// reports false after refusing.
func convertType(u *unit.Unit, s *flow.Site, typ ast.Expr) bool {
	f := s.File
	if n, ok := unit.ConstInt(f, typ); ok {
		name := map[int64]string{1: "MessageText", 2: "MessageBinary"}[n]
		if name == "" {
			u.Refuse(s.Pos, controlName(n)+" messages cannot be written this way", "close with Conn.Close(code, reason), ping with Conn.Ping(ctx)")
			return false
		}
		u.Replace(f, typ.Pos(), typ.End(), u.Lib(f)+"."+name)
		u.ClaimWithin(f, typ)
		return true
	}
	id, ok := ast.Unparen(typ).(*ast.Ident)
	if ok {
		if v, ok := f.Pkg.TypesInfo.ObjectOf(id).(*types.Var); ok {
			if retypable(u, f, v) {
				return true
			}
			if dataType(u, f, v, 3) {
				u.Replace(f, typ.Pos(), typ.End(), u.Lib(f)+".MessageType(", typ, ")")
				return true
			}
		}
	}
	u.Refuse(s.Pos, "the message type is not known to be text or binary", "pass websocket.MessageText or websocket.MessageBinary")
	return false
}

// dataType reports whether the int variable v only ever holds the type of a
// data message: of one that was read, or a constant 1 or 2. Parameters are
// followed to the calls of their function, depth levels deep.
func dataType(u *unit.Unit, f *flow.File, v *types.Var, depth int) bool {
	if depth == 0 || v.IsField() || v.Parent() == nil || v.Parent() == f.Pkg.Types.Scope() {
		return false
	}
	if isParam(f, v) {
		return paramDataType(u, f, v, depth)
	}
	assigned := 0
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != v {
			continue
		}
		k, i := c.ParentEdge()
		switch k {
		case edge.AssignStmt_Lhs:
			assigned++
			as := c.Parent().Node().(*ast.AssignStmt)
			if len(as.Rhs) == 1 && len(as.Lhs) > 1 {
				call, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
				if !ok || i != 0 || !isSource(u, f, call) {
					return false
				}
				continue
			}
			if i >= len(as.Rhs) || !dataExpr(u, f, as.Rhs[i], depth) {
				return false
			}
		case edge.ValueSpec_Names:
			vs := c.Parent().Node().(*ast.ValueSpec)
			if len(vs.Values) > 0 {
				assigned++
				if i >= len(vs.Values) || !dataExpr(u, f, vs.Values[i], depth) {
					return false
				}
			}
		case edge.UnaryExpr_X:
			if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				return false
			}
		case edge.IncDecStmt_X, edge.RangeStmt_Key, edge.RangeStmt_Value:
			return false
		}
	}
	return assigned > 0
}

func dataExpr(u *unit.Unit, f *flow.File, e ast.Expr, depth int) bool {
	if n, ok := unit.ConstInt(f, e); ok {
		return n == 1 || n == 2
	}
	if id, ok := ast.Unparen(e).(*ast.Ident); ok {
		if v, ok := f.Pkg.TypesInfo.ObjectOf(id).(*types.Var); ok {
			return dataType(u, f, v, depth)
		}
	}
	return false
}

// paramDataType reports whether every call of the unexported function that
// declares v passes a data message type for it.
func paramDataType(u *unit.Unit, f *flow.File, v *types.Var, depth int) bool {
	var fn *types.Func
	index := -1
	for c := range f.Root.Preorder((*ast.FuncDecl)(nil)) {
		d := c.Node().(*ast.FuncDecl)
		i := 0
		for _, p := range d.Type.Params.List {
			for _, id := range p.Names {
				if f.Pkg.TypesInfo.Defs[id] == v {
					fn, _ = f.Pkg.TypesInfo.Defs[d.Name].(*types.Func)
					index = i
				}
				i++
			}
		}
	}
	if fn == nil || fn.Exported() && f.Pkg.Name != "main" {
		return false
	}
	calls := 0
	for _, g := range u.Graph.Files {
		if g.Pkg.PkgPath != f.Pkg.PkgPath && fn.Pkg().Path() != g.Pkg.PkgPath {
			continue
		}
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			o := g.Pkg.TypesInfo.Uses[id]
			if o == nil || o.Pos() != fn.Pos() {
				continue
			}
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				c = c.Parent()
			}
			if k, _ := c.ParentEdge(); k != edge.CallExpr_Fun {
				return false // used as a value
			}
			call := c.Parent().Node().(*ast.CallExpr)
			if index >= len(call.Args) || !dataExpr(u, g, call.Args[index], depth-1) {
				return false
			}
			calls++
		}
	}
	return calls > 0
}
