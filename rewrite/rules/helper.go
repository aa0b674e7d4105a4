package rules

import (
	"go/token"
	"go/types"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// useHelper asks for a generated function to be called at the site, and
// returns false after refusing if its name means something else there.
func useHelper(u *unit.Unit, s *flow.Site, name string) bool {
	return needHelper(u, s.File, s.Ident.Pos(), name)
}

// needHelper asks for the helper to be called at pos of f. It reports false
// after refusing.
func needHelper(u *unit.Unit, f *flow.File, pos token.Pos, name string) bool {
	switch {
	case u.Home != nil && ofConn(name):
		return needAt(u, u.Home, sharedName(name))
	case u.Home != nil && name == "callDeadline":
		return needAt(u, u.Home, name)
	}
	return needNamed(u, f, pos, name)
}

// needAt asks for the helper in the package of the file.
func needAt(u *unit.Unit, f *flow.File, name string) bool {
	return needNamed(u, f, f.Syntax.Name.Pos(), name)
}

func needNamed(u *unit.Unit, f *flow.File, pos token.Pos, name string) bool {
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
