package rule

import (
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// reach finds the known libraries among the packages that a package imports,
// directly or not; its result is a *Reach. Types
// alone do not tell: go vet gives those of a dependency without the imports
// that its API does not mention. So each package leaves a fact. A library's own
// packages get nothing: its internals are not for these rules to judge.
var reach = &analysis.Analyzer{
	Name:             "wsreach",
	Doc:              "wsreach: find the WebSocket libraries that a package can reach",
	RunDespiteErrors: true,
	FactTypes:        []analysis.Fact{new(reaches)},
	ResultType:       reflect.TypeFor[*Reach](),
	Run:              runReach,
}

// A Reach is what a package can reach.
type Reach struct {
	Libraries []*wsapi.Library // in wsapi's order
	// Through are the packages, of those that it imports directly or not, that
	// can reach a library themselves.
	Through map[*types.Package]bool
}

// reaches is the fact of a package that can reach libraries.
type reaches struct{ Libraries []string }

func (*reaches) AFact()           {}
func (r *reaches) String() string { return "reaches " + strings.Join(r.Libraries, ", ") }

func runReach(pass *analysis.Pass) (any, error) {
	reach := &Reach{Through: make(map[*types.Package]bool)}
	if wsapi.LibraryOf(pass.Pkg.Path()) != nil {
		return reach, nil
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
			var fact reaches
			if pass.ImportPackageFact(q, &fact) {
				reach.Through[q] = true
				for _, name := range fact.Libraries {
					found[name] = true
				}
			}
			walk(q)
		}
	}
	walk(pass.Pkg)
	if len(found) == 0 {
		return reach, nil
	}
	var fact reaches
	for _, lib := range wsapi.Libraries() {
		if found[lib.Name] {
			reach.Libraries = append(reach.Libraries, lib)
			fact.Libraries = append(fact.Libraries, lib.Name)
		}
	}
	pass.ExportPackageFact(&fact)
	return reach, nil
}
