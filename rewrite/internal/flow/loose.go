package flow

import (
	"go/ast"
	"go/types"
	"path/filepath"

	"golang.org/x/tools/go/ast/inspector"
)

// attachLoose places the sites that no value flow reaches. A constant joins
// the nearest cluster around it: the library call that it is an argument of,
// else its function, file or package. What tests errors joins every cluster
// of the nearest surroundings that have one, since the errors of each may
// reach it.
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
	for _, s := range a.loose {
		if k, ok := a.enclosingCall(s); ok {
			a.uf.union(a.site[s], k)
			continue
		}
		keys := a.around(s, placed)
		if len(keys) == 0 {
			// Nothing in the whole tree but loose sites: one cluster a package.
			a.uf.union(a.site[s], key{file: filepath.Dir(s.File.Path), kind: 'p'})
			continue
		}
		if !testsErrors(s) {
			keys = keys[:1]
		}
		for _, k := range keys {
			a.uf.union(a.site[s], k)
		}
	}
}

// testsErrors reports whether the site's meaning depends on which library
// made an error.
func testsErrors(s *Site) bool {
	switch s.Symbol {
	case "IsCloseError", "IsUnexpectedCloseError", "CloseError", "CloseError.Code", "CloseError.Text", "CloseError.Error",
		"ErrCloseSent", "ErrReadLimit", "ErrBadHandshake", "HandshakeError", "HandshakeError.Error":
		return true
	}
	return false
}

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
		fn := a.callee(s.File.Pkg.TypesInfo, call.Fun)
		if fn == nil || !a.isLib(fn) || fn.Type().(*types.Signature).Recv() == nil {
			continue
		}
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
			return a.receiver(s.File.Pkg, sel), true
		}
	}
	return key{}, false
}

// around returns the distinct clusters of the placed sites in the nearest
// surroundings of s that have any: function, file, package, tree.
func (a *analysis) around(s *Site, placed map[*Site]bool) []key {
	var fn inspector.Cursor
	found := false
	for c := range s.Cursor.Enclosing((*ast.FuncDecl)(nil)) {
		fn, found = c, true
	}
	scopes := []func(o *Site) bool{
		func(o *Site) bool { return found && o.File == s.File && fn.Contains(o.Cursor) },
		func(o *Site) bool { return o.File == s.File },
		func(o *Site) bool { return filepath.Dir(o.File.Path) == filepath.Dir(s.File.Path) },
		func(o *Site) bool { return true },
	}
	for i, in := range scopes {
		if i == 3 && !testsErrors(s) {
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
