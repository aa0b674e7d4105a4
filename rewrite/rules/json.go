package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var jsonRule = &unit.Rule{
	Name: "json",
	Doc: `WriteJSON becomes wsjson.Write, which writes the same bytes. ReadJSON becomes wsjson.Read where an error ends the
connection anyway: wsjson.Read closes it with 1007 on a message that does not decode, or that has more than one
value. Elsewhere it becomes a helper that, as gorilla, decodes the first value and leaves the connection open.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.WriteJSON", "WriteJSON") {
			if planJSON(u, s, func(*unit.Unit, *flow.Site, inspector.Cursor) (string, bool) {
				return u.JSON(s.File) + ".Write", true
			}) {
				u.Note(s.File, s.Ident.Pos(), "json", "a value that cannot be encoded sends nothing; gorilla sent an empty message")
			}
		}
		for _, s := range u.Sites("Conn.ReadJSON", "ReadJSON") {
			if planJSON(u, s, readJSONFunc) {
				noteCut(u, s)
			}
		}
	},
}

const readJSONHelper = `
// readJSON reads a message and decodes the first JSON value in it into v. A
// message that does not decode leaves the connection open.
func readJSON(ctx context.Context, c *websocket.Conn, v any) error {
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	err = json.NewDecoder(bytes.NewReader(p)).Decode(v)
	if err == io.EOF {
		return io.ErrUnexpectedEOF // one value is expected
	}
	return err
}
`

// planJSON turns a method or function call into one of a function that takes
// context, connection and value.
func planJSON(u *unit.Unit, s *flow.Site, function func(*unit.Unit, *flow.Site, inspector.Cursor) (string, bool)) bool {
	u.Claim(s)
	c, ok := unit.CallCursor(s)
	if !ok {
		return jsonValue(u, s)
	}
	f, call := s.File, c.Node().(*ast.CallExpr)
	method := s.Symbol == "Conn.ReadJSON" || s.Symbol == "Conn.WriteJSON"
	if hasDeadlines(u) {
		return wrappedJSON(u, s, call, method)
	}
	if !method && len(call.Args) != 2 {
		u.Refuse(s.Pos, "the arguments come from a call with several results", "assign them to variables first")
		return false
	}
	name, ok := function(u, s, c)
	if !ok {
		return false
	}
	head := []any{name + "(" + u.Ctx(s) + ", "}
	if method {
		conn, ok := receiver(s)
		if !ok {
			u.Refuse(s.Pos, "the connection is not a variable or field", "assign it to a variable first")
			return false
		}
		head = append(append(head, conn...), bareConn(u)+", ")
	} else if u.Wrapper != "" {
		u.Insert(f, call.Args[0].End(), bareConn(u))
	}
	u.Replace(f, call.Pos(), call.Lparen+1, head...)
	return true
}

// wrappedJSON turns the call into one of a method that the type which takes
// Conn's place has.
func wrappedJSON(u *unit.Unit, s *flow.Site, call *ast.CallExpr, method bool) bool {
	name := "readJSON"
	if s.Symbol == "Conn.WriteJSON" || s.Symbol == "WriteJSON" {
		name = "writeJSON"
	}
	switch {
	case method:
		rename(u, s, name)
		addContext(u, s, call)
	case len(call.Args) != 2 || !pure(call.Args[0]):
		u.Refuse(s.Pos, "the connection is not a variable or field", "assign it to a variable first")
		return false
	default:
		u.Replace(s.File, call.Pos(), call.Args[1].Pos(), call.Args[0], "."+name+"("+u.Ctx(s)+", ")
	}
	return true
}

// jsonValue turns the method value c.WriteJSON or c.ReadJSON into a function
// literal.
func jsonValue(u *unit.Unit, s *flow.Site) bool {
	conn, ok := receiver(s)
	x := unit.Recv(s)
	if !ok || !pure(x) {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return false
	}
	name := "readJSON"
	if s.Symbol == "Conn.WriteJSON" {
		name = u.JSON(s.File) + ".Write"
	} else if !useHelper(u, s, name) {
		return false
	}
	if hasDeadlines(u) {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return false
	}
	v := u.Fresh(s.File, s.Cursor, "v")
	parts := append([]any{"func(" + v + " any) error { return " + name + "(" + u.Ctx(s) + ", "}, conn...)
	sel := s.Cursor.Parent().Node()
	u.Replace(s.File, sel.Pos(), sel.End(), append(parts, bareConn(u)+", "+v+") }")...)
	return true
}

// receiver returns the connection that the method at s is called on, with the
// embedded fields that lead to it, as an expression of pointer type.
func receiver(s *flow.Site) ([]any, bool) {
	if k, _ := s.Cursor.ParentEdge(); k != edge.SelectorExpr_Sel {
		return nil, false
	}
	x := s.Cursor.Parent().Node().(*ast.SelectorExpr)
	sel := s.File.Pkg.TypesInfo.Selections[x]
	if sel == nil || sel.Kind() != types.MethodVal {
		return nil, false
	}
	t := sel.Recv()
	path := ""
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return nil, false
		}
		path += "." + st.Field(i).Name()
		t = st.Field(i).Type()
	}
	parts := []any{x.X}
	if path != "" {
		parts = append(parts, path)
	}
	if _, ok := types.Unalias(t).(*types.Pointer); !ok {
		parts = append([]any{"&"}, parts...)
	}
	return parts, true
}

// useHelper asks for a generated function to be called at the site, and
// returns false after refusing if its name means something else there.
func useHelper(u *unit.Unit, s *flow.Site, name string) bool {
	return needHelper(u, s.File, s.Ident.Pos(), name)
}

// needHelper asks for the helper to be called at pos of f. It reports false
// after refusing.
func needHelper(u *unit.Unit, f *flow.File, pos token.Pos, name string) bool {
	pkg := f.Pkg.Types.Scope()
	scope := pkg.Innermost(pos)
	if scope == nil {
		scope = pkg
	}
	_, o := scope.LookupParent(name, pos)
	taken := []types.Object{o}
	for _, d := range helperDecls(name) {
		taken = append(taken, pkg.Lookup(d))
	}
	for _, o := range taken {
		if o != nil && !generatedHelper(u.Graph.Fset.PositionFor(o.Pos(), false).Filename) {
			u.Refuse(u.Graph.Fset.PositionFor(pos, false), "the code needs a helper, and its name "+o.Name()+" is taken", "rename what is called "+o.Name())
			return false
		}
	}
	u.Helper(f, name)
	return true
}

// generatedHelper reports whether a file is one that holds helpers.
func generatedHelper(path string) bool {
	const prefix = "zz_wsmigrate_helpers"
	i := len(path)
	for i > 0 && path[i-1] != '/' && path[i-1] != '\\' {
		i--
	}
	return len(path)-i > len(prefix) && path[i:i+len(prefix)] == prefix
}

// readJSONFunc returns the function for a ReadJSON call at c.
func readJSONFunc(u *unit.Unit, s *flow.Site, c inspector.Cursor) (string, bool) {
	if endsOnError(u, s, c) {
		u.Note(s.File, c.Node().Pos(), "json", "a message that does not decode, or has more than one JSON value, now closes the connection with 1007")
		return u.JSON(s.File) + ".Read", true
	}
	return "readJSON", useHelper(u, s, "readJSON")
}

// endsOnError reports whether the code ends the connection whenever the read
// at c fails: it leaves the function, which closes the connection, or the
// program, and does nothing with the connection on the way. The error must not
// be compared or asserted, since wsjson wraps it.
func endsOnError(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	f := s.File
	conn := connOf(s, c)
	at, list, i, ok := unit.Stmt(c)
	if conn == nil || !ok {
		return false
	}
	var branch *ast.BlockStmt
	var err types.Object
	switch n := at.Node().(type) {
	case *ast.IfStmt:
		if as, ok := n.Init.(*ast.AssignStmt); ok && len(as.Lhs) == 1 && ast.Unparen(as.Rhs[0]) == c.Node() {
			err = objectOf(f, as.Lhs[0])
			if !unit.IsErrNotNil(f, n.Cond, err) {
				return false
			}
		} else if b, ok := ast.Unparen(n.Cond).(*ast.BinaryExpr); !ok || b.Op != token.NEQ || ast.Unparen(b.X) != c.Node() || !unit.IsNil(f, b.Y) {
			return false
		}
		branch = n.Body
	case *ast.AssignStmt:
		if len(n.Lhs) != 1 || i+1 >= len(list) {
			return false
		}
		err = objectOf(f, n.Lhs[0])
		is, ok := unit.ErrCheck(f, list[i+1], err)
		if err == nil || !ok {
			return false
		}
		branch = is.Body
	default:
		return false
	}
	if usesConn(f, branch, conn) || asserts(u, f, branch, err) {
		return false
	}
	fn, ok := unit.Func(c)
	if !ok {
		return false
	}
	body, _ := unit.Body(fn.Node())
	switch leaving := lastStmt(branch).(type) {
	case *ast.ExprStmt:
		call, ok := leaving.X.(*ast.CallExpr)
		return ok && noReturn(f, call)
	case *ast.ReturnStmt:
		return closesOnReturn(f, fn, body, conn)
	case *ast.BranchStmt:
		if leaving.Tok != token.BREAK || leaving.Label != nil {
			return false
		}
		loop, ok := brokenLoop(at)
		if !ok {
			return false
		}
		// What follows the loop must not use the connection either.
		_, list, i, ok := unit.Stmt(loop)
		if !ok || len(list) == 0 || len(body.List) == 0 || list[0] != body.List[0] {
			return false
		}
		for _, st := range list[i+1:] {
			if usesConn(f, st, conn) {
				return false
			}
		}
		return closesOnReturn(f, fn, body, conn) || closesAfter(f, list[i+1:], conn)
	}
	return false
}

// connOf returns the connection that a JSON call reads from.
func connOf(s *flow.Site, c inspector.Cursor) ast.Expr {
	if x := unit.Recv(s); x != nil {
		return x
	}
	if call := c.Node().(*ast.CallExpr); len(call.Args) == 2 {
		return call.Args[0]
	}
	return nil
}

func lastStmt(b *ast.BlockStmt) ast.Stmt {
	if len(b.List) == 0 {
		return nil
	}
	return b.List[len(b.List)-1]
}

// brokenLoop returns the loop that a break at c would leave.
func brokenLoop(c inspector.Cursor) (inspector.Cursor, bool) {
	for e := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.SwitchStmt)(nil), (*ast.TypeSwitchStmt)(nil), (*ast.SelectStmt)(nil), (*ast.FuncLit)(nil), (*ast.FuncDecl)(nil)) {
		switch e.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return e, true
		}
		return e, false
	}
	return c, false
}

// usesConn reports whether n does anything with the connection but close it,
// or passes on the variable that it is reached through.
func usesConn(f *flow.File, n ast.Node, conn ast.Expr) bool {
	root := rootObject(f, conn)
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		if found {
			return false
		}
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			if sel.Sel.Name == "Close" && unit.SameExpr(f, sel.X, conn) {
				return false
			}
			if rootObject(f, sel.X) == root {
				found = true // a method of the connection or its owner
			}
		}
		for _, a := range call.Args {
			if unit.SameExpr(f, a, conn) || rootObject(f, a) == root {
				if id, ok := ast.Unparen(a).(*ast.Ident); ok && f.Pkg.TypesInfo.ObjectOf(id) == root || unit.SameExpr(f, a, conn) {
					found = true
				}
			}
		}
		return !found
	})
	return found
}

// rootObject returns the variable that a chain of selectors starts from.
func rootObject(f *flow.File, e ast.Expr) types.Object {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.Ident:
			return f.Pkg.TypesInfo.ObjectOf(x)
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.UnaryExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// asserts reports whether n compares err with another error or asserts its
// type, which does not see through wrapping. The library's own error values
// are left to the rule that converts them.
func asserts(u *unit.Unit, f *flow.File, n ast.Node, err types.Object) bool {
	if err == nil {
		return false
	}
	found := false
	library := func(e ast.Node) bool {
		return e != nil && len(u.Within(f, e)) > 0
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if (objectOf(f, n.X) == err || objectOf(f, n.Y) == err) && !unit.IsNil(f, n.X) && !unit.IsNil(f, n.Y) && !library(n) {
				found = true
			}
		case *ast.TypeAssertExpr:
			if objectOf(f, n.X) == err && (n.Type == nil || !library(n.Type)) {
				found = true
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && objectOf(f, n.Tag) == err {
				found = true
			}
		}
		return !found
	})
	return found
}

// closesOnReturn reports whether the connection is closed when the function
// fn returns, or nobody is left to use it: a deferred Close, or the end of the
// program.
func closesOnReturn(f *flow.File, fn inspector.Cursor, body *ast.BlockStmt, conn ast.Expr) bool {
	if d, ok := fn.Node().(*ast.FuncDecl); ok && d.Recv == nil && d.Name.Name == "main" && f.Syntax.Name.Name == "main" {
		return true
	}
	for _, st := range body.List {
		d, ok := st.(*ast.DeferStmt)
		if !ok {
			continue
		}
		if isClose(f, d.Call, conn) {
			return true
		}
		if lit, ok := d.Call.Fun.(*ast.FuncLit); ok && closesAfter(f, lit.Body.List, conn) && !usesConn(f, lit.Body, conn) {
			return true
		}
	}
	return false
}

// closesAfter reports whether one of the statements closes the connection.
func closesAfter(f *flow.File, list []ast.Stmt, conn ast.Expr) bool {
	for _, st := range list {
		var e ast.Expr
		switch st := st.(type) {
		case *ast.ExprStmt:
			e = st.X
		case *ast.AssignStmt:
			if len(st.Rhs) == 1 {
				e = st.Rhs[0]
			}
		case *ast.ReturnStmt:
			if len(st.Results) == 1 {
				e = st.Results[0]
			}
		}
		if call, ok := e.(*ast.CallExpr); ok && isClose(f, call, conn) {
			return true
		}
	}
	return false
}

func isClose(f *flow.File, call *ast.CallExpr, conn ast.Expr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Close" && unit.SameExpr(f, sel.X, conn)
}
