package rules

import (
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A type that takes the place of Conn or Upgrader in several packages is
// declared in one of them, its home, with exported names. The home is a package
// that the others import, or else one that they may import.

// findHome decides where the type that the files use is declared: of two
// packages that do equally well, in that of the earlier file. It returns nil if
// all files are in one package, and reports false if no package will do.
func findHome(u *unit.Unit, files []*flow.File) (home *flow.File, ok bool) {
	users := map[string]*flow.File{} // one of each package, by import path
	var paths []string
	for _, f := range files {
		if path := importPath(f); users[path] == nil {
			paths = append(paths, path)
			users[path] = f
		}
	}
	if len(users) < 2 {
		return nil, true
	}
	best := len(users) // packages that would have to import it besides
	for _, path := range paths {
		at := plainFile(u, users[path])
		if at == nil || at.Pkg.Name == "main" || !mayDeclare(u, at) {
			continue
		}
		below := reached(u, path)
		added := 0
		for other, f := range users {
			switch {
			case other == path || imports(f.Pkg, path):
			case below[other] || !mayImport(f, at):
				added = len(users)
			default:
				added++
			}
		}
		if added < best {
			home, best = at, added
		}
	}
	return home, home != nil
}

// importPath returns the import path of the file's package; that of an external
// test ends with _test.
func importPath(f *flow.File) string { return f.Pkg.Types.Path() }

// plainFile returns a file of the same package as f that may be changed and is
// no test, or nil.
func plainFile(u *unit.Unit, f *flow.File) *flow.File {
	for _, g := range u.Graph.InOrder() {
		if importPath(g) == importPath(f) && editable(g) && g.View.Build.File == "" && !strings.HasSuffix(g.Path, "_test.go") {
			return g
		}
	}
	return nil
}

// mayDeclare reports whether the package of the file may get exported names:
// nobody else can import it, or its API changes anyway.
func mayDeclare(u *unit.Unit, f *flow.File) bool {
	for _, b := range u.Cluster.Boundaries {
		if b.Kind == flow.API {
			return true
		}
	}
	return !u.Graph.Importable(f.Pkg)
}

// reached returns the paths of the packages that the package at path imports,
// directly or not, its own tests included.
func reached(u *unit.Unit, path string) map[string]bool {
	out := map[string]bool{}
	var visit func(p *packages.Package)
	visit = func(p *packages.Package) {
		for path, imp := range p.Imports {
			if !out[path] {
				out[path] = true
				visit(imp)
			}
		}
	}
	for _, f := range u.Graph.Files {
		if importPath(f) == path {
			visit(f.Pkg)
		}
	}
	return out
}

// imports reports whether the package imports the one at path itself.
func imports(p *packages.Package, path string) bool { return p.Imports[path] != nil }

// mayImport reports whether the package of the one file may import that of the
// other: it is of the same module, and the rule of internal packages allows it.
func mayImport(from, to *flow.File) bool {
	if from.Pkg.Module == nil || to.Pkg.Module == nil || from.Pkg.Module.Path != to.Pkg.Module.Path {
		return false
	}
	i := strings.LastIndex("/"+importPath(to)+"/", "/internal/")
	if i < 0 {
		return true
	}
	root := importPath(to)[:max(i-1, 0)]
	return importPath(from) == root || strings.HasPrefix(importPath(from), root+"/")
}

// sharedWord finds, in the source of a helper, the names that are exported
// where several packages use the type. A function of the package has the name
// of the method writeAnyMessage too.
var sharedWord = regexp.MustCompile(`\b(?:deadlineConn|deadlineAddrConn)(?:Reader|Writer)?\b|` +
	`\b(?:addrConn|acceptedConn|dialledConn|acceptedAddrConn|dialledAddrConn|acceptAddrConn|addrConnBy|dialAddrConn|readJSON|writeJSON|acceptor|errorAcceptor)\b|` +
	`(?:\) |// )writeAnyMessage\b`)

// sharedHelpers returns those of the helpers that several packages can use,
// with exported names.
func sharedHelpers(all []Helper) []Helper {
	var out []Helper
	for _, h := range all {
		if ofConn(h.Name) || ofUpgrader(h.Name) {
			source := sharedWord.ReplaceAllStringFunc(h.Source, func(word string) string {
				i := strings.LastIndex(word, " ") + 1
				return word[:i] + upperFirst(word[i:])
			})
			out = append(out, Helper{sharedName(h.Name), h.Imports, source})
		}
	}
	return out
}

// ofConn reports whether the helper is part of the type that takes Conn's place,
// or makes values of it.
func ofConn(name string) bool {
	first, _, method := strings.Cut(name, ".")
	return sharedWord.FindString(first) == first && !ofUpgrader(name) && (method || first != "readJSON" && first != "writeJSON")
}

// ofUpgrader reports whether the helper is a type that takes Upgrader's place.
func ofUpgrader(name string) bool { return name == "acceptor" || name == "errorAcceptor" }

// sharedName returns the exported name of a helper, a method's with that of
// its type.
func sharedName(name string) string {
	typ, method, isMethod := strings.Cut(name, ".")
	if !isMethod {
		return upperFirst(typ)
	}
	return upperFirst(typ) + "." + upperFirst(method)
}

func upperFirst(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

// homeName returns what file f calls the type that takes Conn's place, or a
// function that makes one.
func homeName(u *unit.Unit, f *flow.File, name string) string { return nameAt(u, u.Home, f, name) }

// nameAt returns what file f calls a helper that is declared at home, or in the
// package of f if home is nil.
func nameAt(u *unit.Unit, home, f *flow.File, name string) string {
	if home == nil {
		return name
	}
	name = upperFirst(name)
	if importPath(f) == importPath(home) {
		return name
	}
	return u.Import(f, importPath(home), home.Pkg.Name) + "." + name
}

// shadowsHome reports whether something else is called like the package home at
// the site, which is in another.
func shadowsHome(u *unit.Unit, home *flow.File, s *flow.Site) bool {
	if home == nil || importPath(s.File) == importPath(home) {
		return false
	}
	name, _, _ := strings.Cut(nameAt(u, home, s.File, ""), ".")
	scope := s.File.Pkg.Types.Scope().Innermost(s.Ident.Pos())
	if scope == nil {
		return false
	}
	_, o := scope.LookupParent(name, s.Ident.Pos())
	if o == nil {
		return false
	}
	pn, ok := o.(*types.PkgName)
	return !ok || pn.Imported().Path() != importPath(home)
}

// homeMember returns what a method of the type that takes Conn's place is
// called, or the field that embeds it.
func homeMember(u *unit.Unit, name string) string {
	if u.Home == nil {
		return name
	}
	return upperFirst(name)
}
