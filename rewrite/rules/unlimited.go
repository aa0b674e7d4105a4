package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// planUnlimited lifts the target's default read limit of a connection that
// the call at c (Accept or Dial) makes, unless a SetReadLimit precedes every
// read of the cluster anyway. Further statements that shall follow success go
// to the same place; {resp} in them is the response that a returned call gives.
// It reports false after refusing.
func planUnlimited(u *unit.Unit, s *flow.Site, c inspector.Cursor, after ...string) bool {
	lift := !limited(u)
	open, shut := u.Adapted(c.Node().(*ast.CallExpr))
	if !lift && len(after) == 0 && open == "" {
		return true
	}
	if k, _ := c.ParentEdge(); k == edge.ReturnStmt_Results {
		return planReturned(u, s, c, lift, after)
	}
	as, ok := assignment(c)
	if ok && open != "" {
		u.Refuse(s.Pos, "the connection is assigned to a variable of an interface type together with other results", "assign it to a variable of its own first")
		return false
	}
	if !ok || len(as.Lhs) < 2 {
		if k, _ := c.ParentEdge(); k == edge.ValueSpec_Values {
			if vs := c.Parent().Node().(*ast.ValueSpec); len(vs.Names) > 1 {
				return limitAfter(u, s, c, vs.Names[0], vs.Names[len(vs.Names)-1], lift, after)
			}
		}
		if k, _ := c.ParentEdge(); k == edge.ExprStmt_X {
			return true
		}
		if at, ok := hoistable(s.File, c); ok {
			names, after := resultNames(u, s, c, lift, after)
			hoist(u, s.File, c, at, names, adaptedNames(names, open, shut), onSuccess(names, after))
			return true
		}
		u.Refuse(s.Pos, "the connection is passed on at once, and the target's read limit of 32768 bytes must be lifted first", "assign it to a variable and call SetReadLimit(-1)")
		return false
	}
	return limitAfter(u, s, c, as.Lhs[0], as.Lhs[len(as.Lhs)-1], lift, after)
}

// limitAfter inserts conn.SetReadLimit(-1), if lift says so, and the
// statements of after behind the statement of c, past the check of its error.
func limitAfter(u *unit.Unit, s *flow.Site, c inspector.Cursor, conn, err ast.Expr, lift bool, after []string) bool {
	f := s.File
	if lift && !isBlank(conn) {
		after = append(after, f.Text(conn)+".SetReadLimit(-1)")
	}
	if len(after) == 0 {
		return true
	}
	at, list, i, ok := unit.Stmt(c)
	if !ok {
		u.Refuse(s.Pos, "the read limit cannot be lifted here", "call SetReadLimit(-1) on the connection")
		return false
	}
	set := strings.Join(after, "\n")
	if is, ok := at.Node().(*ast.IfStmt); ok {
		// if conn, err := …; err != nil { … } else { … }
		obj := objectOf(f, err)
		if is.Init == nil || obj == nil {
			u.Refuse(s.Pos, "the read limit cannot be lifted here", "call SetReadLimit(-1) on the connection")
			return false
		}
		declares := false
		if as, ok := is.Init.(*ast.AssignStmt); ok && as.Tok == token.DEFINE {
			if id, ok := conn.(*ast.Ident); ok && f.Pkg.TypesInfo.Defs[id] != nil {
				declares = true
			}
		}
		switch {
		case unit.IsErrNotNil(f, is.Cond, obj) && is.Else != nil:
			if b, ok := is.Else.(*ast.BlockStmt); ok {
				u.Insert(f, b.Lbrace+1, "\n\t"+set)
				return true
			}
		case unit.IsErrNotNil(f, is.Cond, obj) && declares:
			return true // out of scope afterwards
		case unit.IsErrNotNil(f, is.Cond, obj) && terminates(f, is.Body):
			u.Insert(f, is.End(), "\n"+set)
			return true
		case isErrNil(f, is.Cond, obj):
			u.Insert(f, is.Body.Lbrace+1, "\n\t"+set)
			return true
		}
		u.Refuse(s.Pos, "the read limit cannot be lifted here", "call SetReadLimit(-1) on the connection")
		return false
	}
	obj := objectOf(f, err)
	if obj == nil { // the error is dropped
		u.Insert(f, at.Node().End(), "\n"+set)
		return true
	}
	for _, next := range list[i+1:] {
		if is, ok := next.(*ast.IfStmt); ok && is.Init == nil && unit.IsErrNotNil(f, is.Cond, obj) {
			switch b, ok := is.Else.(*ast.BlockStmt); {
			case is.Else == nil && terminates(f, is.Body):
				u.Insert(f, is.End(), "\n"+set)
				return true
			case ok:
				u.Insert(f, b.Lbrace+1, "\n"+set)
				return true
			}
		}
		if is, ok := next.(*ast.IfStmt); ok && leavesOnHandshakeError(u, f, is, obj) {
			u.Insert(f, is.End(), "\n"+set)
			return true
		}
		if requiresNoError(f, next, obj) {
			u.Insert(f, next.End(), "\n"+set)
			return true
		}
		if !u.Dropped(f, next) && namesAny(f, next, at.Node()) {
			break
		}
	}
	u.Insert(f, at.Node().End(), "\nif "+f.Text(err)+" == nil {\n\t"+set+"\n}")
	return true
}

// namesAny reports whether the statement names a variable that as assigns to,
// be it the error.
func namesAny(f *flow.File, st ast.Stmt, as ast.Node) bool {
	objs := map[types.Object]bool{}
	var lhs []ast.Expr
	switch as := as.(type) {
	case *ast.AssignStmt:
		lhs = as.Lhs
	case *ast.DeclStmt:
		return true
	}
	for _, l := range lhs {
		ast.Inspect(l, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				objs[f.Pkg.TypesInfo.ObjectOf(id)] = true
			}
			return true
		})
	}
	found := false
	ast.Inspect(st, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if o := f.Pkg.TypesInfo.ObjectOf(id); o != nil && objs[o] {
				found = true
			}
		}
		return !found
	})
	return found
}

// requiresNoError reports whether the statement ends a test if err is not nil.
func requiresNoError(f *flow.File, st ast.Stmt, err types.Object) bool {
	es, ok := st.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := es.X.(*ast.CallExpr)
	if !ok {
		return false
	}
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "github.com/stretchr/testify/require":
		if fn.Name() != "NoError" && fn.Name() != "NoErrorf" && fn.Name() != "Nil" && fn.Name() != "Nilf" {
			return false
		}
	case "gotest.tools/v3/assert", "gotest.tools/assert":
		if fn.Name() != "NilError" {
			return false
		}
	default:
		return false
	}
	for _, a := range call.Args {
		if objectOf(f, a) == err {
			return true
		}
	}
	return false
}

// planReturned splits `return upgrader.Upgrade(…)`.
func planReturned(u *unit.Unit, s *flow.Site, c inspector.Cursor, lift bool, after []string) bool {
	f := s.File
	ret := c.Parent().Node().(*ast.ReturnStmt)
	if _, ok := f.Pkg.TypesInfo.TypeOf(c.Node().(ast.Expr)).(*types.Tuple); len(ret.Results) != 1 || !ok {
		u.Refuse(s.Pos, "the connection is returned at once", "assign it to a variable and call SetReadLimit(-1)")
		return false
	}
	open, shut := u.Adapted(c.Node().(*ast.CallExpr))
	names, after := resultNames(u, s, c, lift, after)
	u.Replace(f, ret.Pos(), ret.End(), names+" := ", c.Node(), "\n"+onSuccess(names, after)+"return "+adaptedNames(names, open, shut))
	return true
}

// onSuccess returns the statements of after for the case that the last of the
// names, the error, is nil.
func onSuccess(names string, after []string) string {
	if len(after) == 0 {
		return ""
	}
	return "if " + names[strings.LastIndexByte(names, ' ')+1:] + " == nil {\n" + strings.Join(after, "\n") + "\n}\n"
}

// adaptedNames puts the first of the names between open and shut.
func adaptedNames(names, open, shut string) string {
	conn, rest, _ := strings.Cut(names, ",")
	return open + conn + shut + "," + rest
}

// resultNames returns names for the results of the call at c, the error last,
// and the statements that follow success with these names.
func resultNames(u *unit.Unit, s *flow.Site, c inspector.Cursor, lift bool, after []string) (string, []string) {
	f := s.File
	conn, err := u.Fresh(f, c, "conn"), u.Fresh(f, c, "err")
	names := conn + ", " + err
	var out []string
	if tup, ok := f.Pkg.TypesInfo.TypeOf(c.Node().(ast.Expr)).(*types.Tuple); ok && tup.Len() == 3 {
		resp := u.Fresh(f, c, "resp")
		names = conn + ", " + resp + ", " + err
		for _, a := range after {
			out = append(out, strings.ReplaceAll(a, "{resp}", resp))
		}
	}
	if lift {
		out = append(out, conn+".SetReadLimit(-1)")
	}
	return names, out
}

func objectOf(f *flow.File, e ast.Expr) types.Object {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok || id.Name == "_" {
		return nil
	}
	return f.Pkg.TypesInfo.ObjectOf(id)
}

// isErrNil reports whether cond is `err == nil`.
func isErrNil(f *flow.File, cond ast.Expr, err types.Object) bool {
	b, ok := ast.Unparen(cond).(*ast.BinaryExpr)
	if !ok || b.Op != token.EQL {
		return false
	}
	x, y := b.X, b.Y
	if unit.IsNil(f, x) {
		x, y = y, x
	}
	return unit.IsNil(f, y) && objectOf(f, x) == err
}

// terminates reports whether a block ends by leaving its surroundings.
func terminates(f *flow.File, b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	return leaves(f, b.List[len(b.List)-1])
}

// leaves reports whether control never gets past the statement.
func leaves(f *flow.File, s ast.Stmt) bool {
	switch n := s.(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return n.Tok != token.FALLTHROUGH
	case *ast.BlockStmt:
		return terminates(f, n)
	case *ast.IfStmt:
		return n.Else != nil && terminates(f, n.Body) && leaves(f, n.Else)
	case *ast.ExprStmt:
		call, ok := n.X.(*ast.CallExpr)
		return ok && noReturn(f, call)
	}
	return false
}

// noReturn reports whether the call never returns.
func noReturn(f *flow.File, call *ast.CallExpr) bool {
	var obj types.Object
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		obj = f.Pkg.TypesInfo.Uses[fun]
	case *ast.SelectorExpr:
		obj = f.Pkg.TypesInfo.Uses[fun.Sel]
	}
	switch obj := obj.(type) {
	case *types.Builtin:
		return obj.Name() == "panic"
	case *types.Func:
		if obj.Pkg() == nil {
			return false
		}
		switch obj.Pkg().Path() {
		case "log":
			return strings.HasPrefix(obj.Name(), "Fatal") || strings.HasPrefix(obj.Name(), "Panic")
		case "os":
			return obj.Name() == "Exit"
		case "runtime":
			return obj.Name() == "Goexit"
		case "testing":
			switch obj.Name() {
			case "Fatal", "Fatalf", "FailNow", "Skip", "Skipf", "SkipNow":
				return true
			}
		}
	}
	return false
}
