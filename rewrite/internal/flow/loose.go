package flow

import (
	"go/ast"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// attachLoose places the sites that no value flow reaches. A constant joins
// the nearest cluster around it: the library call that it is an argument of, or
// that fills or takes the variable it is compared with or assigned to, else its
// function, file or package. What tests errors joins every cluster
// of the nearest surroundings that have one which makes such errors, since
// those of each may reach it.
func (a *analysis) attachLoose() {
	placed := map[*Site]bool{}
	for _, f := range a.g.Files {
		for _, s := range f.Sites {
			placed[s] = true
		}
	}
	for _, s := range a.loose {
		placed[s] = false
	}
	var tests []*Site
	for _, s := range a.loose {
		if testsErrors(s) {
			tests = append(tests, s)
			continue
		}
		a.attach(s, placed)
	}
	// A function that makes connections has its place now, for the errors that
	// it makes.
	for _, s := range a.loose {
		if _, ok := s.Obj.(*types.Func); ok && !testsErrors(s) {
			placed[s] = true
		}
	}
	for _, s := range tests {
		a.attach(s, placed)
	}
}

// attach places a site by those that are.
func (a *analysis) attach(s *Site, placed map[*Site]bool) {
	if k, ok := a.enclosingCall(s); ok {
		a.uf.union(a.site[s], k)
		return
	}
	if k, ok := a.besideVariable(s); ok {
		a.uf.union(a.site[s], k)
		return
	}
	var keys []key
	if testsErrors(s) {
		keys = a.around(s, a.makers(s, placed))
	}
	if len(keys) == 0 {
		keys = a.around(s, placed)
	}
	if len(keys) == 0 {
		// Nothing in the whole tree but loose sites: one cluster a package.
		a.uf.union(a.site[s], key{file: filepath.Dir(s.File.Path), kind: 'p'})
		return
	}
	if !testsErrors(s) {
		keys = keys[:1]
	}
	for _, k := range keys {
		a.uf.union(a.site[s], k)
	}
}

// testsErrors reports whether the site's meaning depends on which library
// made an error.
func testsErrors(s *Site) bool { return wsapi.MakersOf(s.Symbol) != 0 }

// enclosingCall returns the key of the library call that the site is within an
// argument of.
func (a *analysis) enclosingCall(s *Site) (key, bool) {
	if testsErrors(s) {
		return key{}, false
	}
	for c := range s.Cursor.Enclosing((*ast.CallExpr)(nil), (*ast.FuncLit)(nil)) {
		call, ok := c.Node().(*ast.CallExpr)
		if !ok {
			return key{}, false
		}
		if k, ok := a.libCall(s.File.Pkg, call); ok {
			return k, true
		}
	}
	return key{}, false
}

// besideVariable returns the key of the library call that fills or takes the
// variable which the constant at s is compared with or assigned to.
func (a *analysis) besideVariable(s *Site) (key, bool) {
	if _, ok := s.Obj.(*types.Const); !ok {
		return key{}, false
	}
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	var other ast.Expr
	switch k, i := c.ParentEdge(); k {
	case edge.BinaryExpr_X:
		other = c.Parent().Node().(*ast.BinaryExpr).Y
	case edge.BinaryExpr_Y:
		other = c.Parent().Node().(*ast.BinaryExpr).X
	case edge.CaseClause_List:
		if sw, ok := c.Parent().Parent().Parent().Node().(*ast.SwitchStmt); ok {
			other = sw.Tag
		}
	case edge.AssignStmt_Rhs:
		if as := c.Parent().Node().(*ast.AssignStmt); len(as.Lhs) == len(as.Rhs) {
			other = as.Lhs[i]
		}
	}
	id, ok := other.(*ast.Ident)
	if !ok {
		return key{}, false
	}
	info := s.File.Pkg.TypesInfo
	v, ok := info.ObjectOf(id).(*types.Var)
	if !ok {
		return key{}, false
	}
	var takes key
	for c := range s.File.Root.Preorder((*ast.Ident)(nil)) {
		if info.ObjectOf(c.Node().(*ast.Ident)) != types.Object(v) {
			continue
		}
		switch k, _ := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			if as := c.Parent().Node().(*ast.AssignStmt); len(as.Rhs) == 1 {
				if k, ok := a.libCall(s.File.Pkg, as.Rhs[0]); ok {
					return k, true
				}
			}
		case edge.CallExpr_Args:
			if k, ok := a.libCall(s.File.Pkg, c.Parent().Node().(*ast.CallExpr)); ok && takes == (key{}) {
				takes = k
			}
		}
	}
	return takes, takes != key{}
}

// libCall returns the key of the value whose method of the library e calls.
func (a *analysis) libCall(p *packages.Package, e ast.Expr) (key, bool) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return key{}, false
	}
	fn := a.callee(p.TypesInfo, call.Fun)
	if fn == nil || !a.isLib(fn) || fn.Signature().Recv() == nil {
		return key{}, false
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return key{}, false
	}
	return a.receiver(p, sel), true
}

// makers returns the placed sites of the clusters that can make the error
// which s is about, or have literals of it. Where that is the error of a
// connection, having one is enough: its methods may be called by an interface.
func (a *analysis) makers(s *Site, placed map[*Site]bool) map[*Site]bool {
	wanted := wsapi.MakersOf(s.Symbol)
	handshake := wanted.Any(wsapi.Dials | wsapi.Upgrades)
	can := map[key]bool{}
	for o, ok := range placed {
		if !ok {
			continue
		}
		fn, _ := o.Obj.(*types.Func)
		_, known := wsapi.Lookup(fn)
		if known != nil && known.Roles.Any(wanted) || wsapi.MakersOf(o.Symbol).Any(wanted) || !handshake && wsapi.ConnOf(o.Obj.Type()) != nil {
			can[a.uf.find(a.site[o])] = true
		}
	}
	out := map[*Site]bool{}
	for o, ok := range placed {
		out[o] = ok && can[a.uf.find(a.site[o])]
	}
	return out
}

// around returns the distinct clusters of the placed sites in the nearest
// surroundings of s that have any: function, file, package without its tests,
// package, tree. A connection that a test hands to the package is one of the
// package's. An error that a callback gets may come from all of the package.
func (a *analysis) around(s *Site, placed map[*Site]bool) []key {
	var fn inspector.Cursor
	found := false
	for c := range s.Cursor.Enclosing((*ast.FuncDecl)(nil)) {
		fn, found = c, true
	}
	scopes := []func(o *Site) bool{
		func(o *Site) bool { return found && o.File == s.File && fn.Contains(o.Cursor) },
		func(o *Site) bool { return o.File == s.File },
		func(o *Site) bool { return beside(o, s) && !inTestFile(s) && !inTestFile(o) },
		func(o *Site) bool { return beside(o, s) },
		func(o *Site) bool { return true },
	}
	if testsErrors(s) && inCallback(s) {
		scopes = scopes[2:]
	}
	for i, in := range scopes {
		if i == len(scopes)-1 && !testsErrors(s) {
			break
		}
		var keys []key
		seen := map[key]bool{}
		for _, f := range a.sortedFiles() {
			for _, o := range f.Sites {
				if !placed[o] || !in(o) {
					continue
				}
				if r := a.uf.find(a.site[o]); !seen[r] {
					seen[r] = true
					keys = append(keys, a.site[o])
				}
			}
		}
		if len(keys) > 0 {
			return keys
		}
	}
	return nil
}

// inCallback reports whether s is in a function literal that takes an error:
// who calls it with which is not followed.
func inCallback(s *Site) bool {
	for c := range s.Cursor.Enclosing((*ast.FuncLit)(nil)) {
		sig, ok := s.File.Pkg.TypesInfo.TypeOf(c.Node().(*ast.FuncLit)).(*types.Signature)
		if !ok {
			continue
		}
		for v := range sig.Params().Variables() {
			if types.Identical(v.Type(), types.Universe.Lookup("error").Type()) {
				return true
			}
		}
	}
	return false
}

// beside reports whether two sites are in the same folder.
func beside(x, y *Site) bool { return filepath.Dir(x.File.Path) == filepath.Dir(y.File.Path) }

func inTestFile(s *Site) bool { return strings.HasSuffix(s.File.Path, "_test.go") }
