package rules

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var netDials = []wsapi.Symbol{"Dialer.NetDial", "Dialer.NetDialContext", "Dialer.NetDialTLSContext"}

// netSeesDeadlines reports whether the network connections of the cluster may
// be of a type of the tree that does something of its own about deadlines:
// gorilla sets them there, the target does not. A type that hands them on, or
// takes no notice of them, does not.
func netSeesDeadlines(u *unit.Unit) bool {
	dials := map[string]bool{} // packages
	for _, s := range u.All(netDials...) {
		dials[importPath(s.File)] = true
	}
	if len(dials) == 0 {
		return false
	}
	keepsNone := ""
	for _, g := range u.Graph.InOrder() {
		for _, d := range g.Syntax.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Recv == nil || len(fd.Recv.List) != 1 || !setsDeadline(fd.Name.Name) {
				continue
			}
			t := g.Pkg.TypesInfo.TypeOf(fd.Recv.List[0].Type)
			if t == nil || !isNetConn(t) || testsApart(u, g, dials) {
				continue
			}
			handed, ok := handsDeadlineOn(u, g, fd)
			if !ok {
				return true
			}
			if !handed && keepsNone == "" {
				keepsNone = strings.TrimPrefix(types.TypeString(t, func(*types.Package) string { return "" }), "*")
			}
		}
	}
	if s := u.Sites(deadlineSetters...); len(s) > 0 {
		text := "deadlines are no longer set on the network connection that the Dialer is given"
		if keepsNone != "" {
			text += "; on one such as " + keepsNone + ", which keeps none, they hold now"
		}
		u.Note(s[0].File, s[0].Ident.Pos(), "deadline", text)
	}
	return false
}

// setsDeadline reports whether a method of the name sets deadlines of a
// net.Conn.
func setsDeadline(name string) bool {
	return name == "SetDeadline" || name == "SetReadDeadline" || name == "SetWriteDeadline"
}

// testsApart reports whether the file belongs to tests of a package that has
// nothing to do with the packages that dial: what they declare is in no program
// with them.
func testsApart(u *unit.Unit, f *flow.File, dials map[string]bool) bool {
	if !strings.HasSuffix(f.Path, "_test.go") {
		return false
	}
	below := reached(u, importPath(f))
	for path := range dials {
		if below[path] || path == importPath(f) {
			return false
		}
	}
	return true
}

// handsDeadlineOn reports whether a method that sets a deadline does so by
// setting it for other connections, and whether it does nothing besides.
func handsDeadlineOn(u *unit.Unit, f *flow.File, fd *ast.FuncDecl) (handed, ok bool) {
	if fd.Body == nil {
		return false, false
	}
	info := f.Pkg.TypesInfo
	var t types.Object
	if p := fd.Type.Params.List; len(p) == 1 && len(p[0].Names) == 1 {
		t = info.Defs[p[0].Names[0]]
	}
	ok = doesOnly(u, f, cursorOf(f, fd), func(call *ast.CallExpr) bool {
		sel, isSel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !isSel || !setsDeadline(sel.Sel.Name) || len(call.Args) != 1 {
			return false
		}
		arg, isID := ast.Unparen(call.Args[0]).(*ast.Ident)
		if !isID || t == nil || info.Uses[arg] != t || info.TypeOf(sel.X) == nil {
			return false
		}
		// Those of the tree are looked at too.
		fn := calledFunc(f, call)
		known := fn != nil && !unit.IsInterfaceMethod(fn) && !u.Graph.InTree(fn)
		if x := info.TypeOf(sel.X); !known && !isNetConn(x) && !isLibConn(x) {
			return false
		}
		handed = true
		return true
	})
	return handed, ok
}

// isNetConn reports whether t has the methods that tell a net.Conn or a
// net.PacketConn, which may be below one, from other connections.
func isNetConn(t types.Type) bool {
	has := func(names ...string) bool {
		for _, m := range names {
			obj, _, _ := types.LookupFieldOrMethod(t, true, nil, m)
			if _, ok := obj.(*types.Func); !ok {
				return false
			}
		}
		return true
	}
	return has("Close", "LocalAddr") && (has("Read", "Write", "RemoteAddr") || has("ReadFrom", "WriteTo"))
}
