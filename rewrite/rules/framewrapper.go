package rules

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A wrapper is a function that does nothing but write a message of the type
// and with the payload that it is given.
type wrapper struct {
	site      *flow.Site
	fn        inspector.Cursor
	typ, data int // parameters; data is -1 where the payload is made from it
	root      types.Object
	rest      string // of the connection, behind its root
}

// wrapperOf returns the function around the call of s as a wrapper, or nil.
func wrapperOf(u *unit.Unit, s *flow.Site, call *ast.CallExpr) *wrapper {
	f := s.File
	v, ok := objectOf(f, call.Args[0]).(*types.Var)
	if !ok {
		return nil
	}
	fn, index, ok := paramOf(f, v)
	if inner, found := unit.Func(s.Cursor); !ok || !found || inner.Node() != fn.Node() {
		return nil
	}
	w := &wrapper{site: s, fn: fn, typ: index, data: -1}
	if d, ok := objectOf(f, call.Args[1]).(*types.Var); ok {
		if g, i, ok := paramOf(f, d); ok && g.Node() == fn.Node() {
			w.data = i
		}
	}
	recv := unit.Recv(s)
	root := chainRoot(recv)
	if root == nil {
		return nil
	}
	w.root = f.Pkg.TypesInfo.ObjectOf(root)
	w.rest = strings.TrimPrefix(connText(u, s), root.Name)
	if w.root == nil || !onlyWrites(u, f, fn, s) {
		return nil
	}
	return w
}

// chainRoot returns the variable that a chain of selectors such as c.peer.conn
// starts with, or nil if e is none.
func chainRoot(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// chainText returns the source of e, of a chain of selectors without comments.
func chainText(u *unit.Unit, f *flow.File, e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if v, ok := f.Pkg.TypesInfo.Uses[x.Sel].(*types.Var); ok {
			return chainText(u, f, x.X) + "." + fieldName(u, v)
		}
		return chainText(u, f, x.X) + "." + x.Sel.Name
	}
	return f.Text(e)
}

// fieldName returns the name that a variable has afterwards: a field that
// embeds the connection is named by its type.
func fieldName(u *unit.Unit, v *types.Var) string {
	if u.Wrapped != "" && v.Embedded() && (isNamedPointee(v.Type(), wsapi.GorillaPath, "Conn") || isNamedPointee(v.Type(), wsapi.CompatPath, "Conn")) {
		return homeMember(u, u.Wrapped)
	}
	return v.Name()
}

// connText returns the source of the connection that the method call of s is
// on, with the names of the fields that embed it.
func connText(u *unit.Unit, s *flow.Site) string {
	return chainText(u, s.File, unit.Recv(s)) + embedding(u, s)
}

// embedding returns the fields between the receiver of a method call and the
// connection that it embeds, ".Conn".
func embedding(u *unit.Unit, s *flow.Site) string {
	text := ""
	sel := s.File.Pkg.TypesInfo.Selections[s.Cursor.Parent().Node().(*ast.SelectorExpr)]
	t := sel.Recv()
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			break
		}
		text += "." + fieldName(u, st.Field(i))
		t = st.Field(i).Type()
	}
	return text
}

// frames returns the calls of the wrapper with the constant typ.
func (w *wrapper) frames(u *unit.Unit, typ int64) []*frame {
	var out []*frame
	calls, _ := u.Calls(w.site.File, w.fn)
	for _, pc := range calls {
		arg := pc.Arg(w.typ)
		if arg == nil || u.Marked(pc.Call) || !editable(pc.File) || pc.File.Pkg.PkgPath != w.site.File.Pkg.PkgPath {
			continue
		}
		if n, ok := unit.ConstInt(pc.File, arg); !ok || n != typ {
			continue
		}
		if foreignSites(u, pc.File, pc.Call) {
			continue
		}
		conn, ok := w.connAt(u, pc)
		if !ok {
			continue
		}
		fr := &frame{site: w.site, file: pc.File, c: pc.Cursor, call: pc.Call, conn: conn}
		if w.data >= 0 {
			fr.data = pc.Arg(w.data)
		}
		out = append(out, fr)
	}
	return out
}

// editable reports whether the file may be changed.
func editable(f *flow.File) bool { return f.Broken == "" && !f.Generated && !f.Cgo }

// foreignSites reports whether n holds sites of other clusters.
func foreignSites(u *unit.Unit, f *flow.File, n ast.Node) bool {
	for _, s := range f.Sites {
		if inside(s, n) && u.SiteAt(s.Ident) == nil {
			return true
		}
	}
	return false
}

// connAt returns the connection as the caller of the wrapper would write it.
func (w *wrapper) connAt(u *unit.Unit, pc unit.ParamCall) (string, bool) {
	f := w.site.File
	switch d := w.fn.Node().(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) == 1 && len(d.Recv.List[0].Names) == 1 && f.Pkg.TypesInfo.Defs[d.Recv.List[0].Names[0]] == w.root {
			sel, ok := ast.Unparen(pc.Call.Fun).(*ast.SelectorExpr)
			if !ok || chainRoot(sel.X) == nil {
				return "", false
			}
			s := pc.File.Pkg.TypesInfo.Selections[sel]
			if s == nil || len(s.Index()) != 1 || types.IsInterface(s.Recv()) {
				return "", false
			}
			return chainText(u, pc.File, sel.X) + w.rest, true
		}
	}
	if v, ok := w.root.(*types.Var); ok {
		if fn, i, ok := paramOf(f, v); ok && fn.Node() == w.fn.Node() {
			arg := pc.Arg(i)
			if arg == nil || chainRoot(arg) == nil {
				return "", false
			}
			return chainText(u, pc.File, arg) + w.rest, true
		}
	}
	// A variable around the function: the same one has to be in sight.
	scope := pc.File.Pkg.Types.Scope().Innermost(pc.Call.Pos())
	if scope == nil {
		return "", false
	}
	_, o := scope.LookupParent(w.root.Name(), pc.Call.Pos())
	return w.root.Name() + w.rest, o != nil && o == w.root
}
