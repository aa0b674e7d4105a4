package source

import (
	"maps"
	"slices"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/golist"
)

// Change returns a universe in which some files have other contents, and the
// listed packages are new or listed anew. What neither touches is shared with
// u.
func (u *Universe) Change(contents map[string][]byte, listed []*golist.Package) *Universe {
	n := &Universe{Config: u.Config, roots: u.roots, base: u, contents: contents}
	n.Read = func(path string) ([]byte, error) {
		if data, ok := contents[path]; ok {
			return data, nil
		}
		return u.Read(path)
	}
	n.listed = maps.Clone(u.listed)
	n.fresh, n.stale = make(map[string]bool), make(map[string]bool)
	for _, p := range listed {
		n.listed[p.ImportPath] = p
		n.fresh[p.ImportPath] = true
	}
	for path, p := range n.listed {
		if changes(contents, p.Files(p.GoFiles, p.CgoFiles)) {
			n.fresh[path] = true
		}
	}
	importers := make(map[string][]string)
	for path, p := range n.listed {
		for _, imp := range p.Imports {
			importers[imp] = append(importers[imp], path)
		}
	}
	var spread func(path string)
	spread = func(path string) {
		if !n.stale[path] {
			n.stale[path] = true
			for _, by := range importers[path] {
				spread(by)
			}
		}
	}
	for path := range n.fresh {
		spread(path)
	}
	n.cyclic = cycles(n.listed)
	n.reset()
	return n
}

func changes(contents map[string][]byte, files []string) bool {
	return slices.ContainsFunc(files, func(f string) bool { _, ok := contents[f]; return ok })
}

// staleTests reports whether the tests of p have to be checked anew.
func (u *Universe) staleTests(p *golist.Package) bool {
	in := func(path string) bool { return u.stale[path] }
	return in(p.ImportPath) || slices.ContainsFunc(p.TestImports, in) || slices.ContainsFunc(p.XTestImports, in)
}

// Same reports whether what others see of every changed package that the one
// at path imports, directly or not, is as it was: then it need not be checked
// again.
func (u *Universe) Same(path string) bool {
	if u.fresh[path] {
		return false
	}
	return !u.leads(path, func(imp string) bool { return u.fresh[imp] && u.roots[imp] && !u.sameAPI(imp) }, make(map[string]bool))
}

func (u *Universe) sameAPI(path string) bool {
	was, now := u.base.listed[path], u.listed[path]
	if was == nil || now == nil {
		return false
	}
	a, b := u.base.Check(path).Types, u.Check(path).Types
	return a != nil && b != nil && api(a) == api(b)
}
