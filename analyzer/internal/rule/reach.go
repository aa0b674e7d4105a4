package rule

import (
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// reach returns the known libraries among the packages that pkg imports,
// directly or not. A library's own packages get nothing: its internals are
// not for these rules to judge.
func reach(pkg *types.Package) []*wsapi.Library {
	if wsapi.LibraryOf(pkg.Path()) != nil {
		return nil
	}
	found := make(map[*wsapi.Library]bool)
	seen := make(map[*types.Package]bool)
	var walk func(*types.Package)
	walk = func(p *types.Package) {
		for _, q := range p.Imports() {
			if seen[q] {
				continue
			}
			seen[q] = true
			if lib := wsapi.LibraryOf(q.Path()); lib != nil {
				found[lib] = true
				continue
			}
			walk(q)
		}
	}
	walk(pkg)
	if len(found) == 0 {
		return nil
	}
	var libs []*wsapi.Library
	for _, lib := range wsapi.Libraries() {
		if found[lib] {
			libs = append(libs, lib)
		}
	}
	return libs
}
