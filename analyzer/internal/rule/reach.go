package rule

import (
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// reach finds the known libraries among the packages that a package imports,
// directly or not; its result is a []*wsapi.Library in wsapi's order. Types
// alone do not tell: go vet gives those of a dependency without the imports
// that its API does not mention. So each package leaves a fact. A library's own
// packages get nothing: its internals are not for these rules to judge.
var reach = &analysis.Analyzer{
	Name:             "wsreach",
	Doc:              "wsreach: find the WebSocket libraries that a package can reach",
	RunDespiteErrors: true,
	FactTypes:        []analysis.Fact{new(reaches)},
	ResultType:       reflect.TypeFor[[]*wsapi.Library](),
	Run:              runReach,
}

// reaches is the fact of a package that can reach libraries.
type reaches struct{ Libraries []string }

func (*reaches) AFact()           {}
func (r *reaches) String() string { return "reaches " + strings.Join(r.Libraries, ", ") }

func runReach(pass *analysis.Pass) (any, error) {
	var libs []*wsapi.Library
	if wsapi.LibraryOf(pass.Pkg.Path()) != nil {
		return libs, nil
	}
	found := make(map[string]bool) // by name
	seen := make(map[*types.Package]bool)
	var walk func(*types.Package)
	walk = func(p *types.Package) {
		for _, q := range p.Imports() {
			if seen[q] {
				continue
			}
			seen[q] = true
			if lib := wsapi.LibraryOf(q.Path()); lib != nil {
				found[lib.Name] = true
				continue
			}
			walk(q)
		}
	}
	walk(pass.Pkg)
	for _, q := range pass.Pkg.Imports() {
		var fact reaches
		if pass.ImportPackageFact(q, &fact) {
			for _, name := range fact.Libraries {
				found[name] = true
			}
		}
	}
	if len(found) == 0 {
		return libs, nil
	}
	var fact reaches
	for _, lib := range wsapi.Libraries() {
		if found[lib.Name] {
			libs = append(libs, lib)
			fact.Libraries = append(fact.Libraries, lib.Name)
		}
	}
	pass.ExportPackageFact(&fact)
	return libs, nil
}
