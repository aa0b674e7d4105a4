package rule

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// docs is where the page of each rule lives.
const docs = "https://github.com/wsmigrate/wsmigrate/blob/main/docs/hazards/"

// A Rule describes one hazard.
type Rule struct {
	// Name is the analyzer's name: one lowercase word.
	Name string
	// Doc is the text of the package's doc.go, with a section
	// "# Analyzer NAME".
	Doc string

	Requires []*analysis.Analyzer
	Facts    []analysis.Fact

	// Beyond says which packages without a library in reach Run looks at as
	// well, for the facts about them. Without it there are none.
	Beyond func(*types.Package) bool

	// Run looks at one package and calls Pass.Report. It runs only on
	// packages that have a known WebSocket library in reach, and also on
	// packages with type errors (see Pass.TypeErrors).
	Run func(*Pass)
}

// Analyzer returns the rule as an analyzer with a -confidence flag. Its Run
// never fails, since an error would fail the build under go vet: a rule that
// does not understand a package stays silent, and one that breaks on it says
// so in its report alone, beside what it found before.
func (r Rule) Analyzer() *analysis.Analyzer {
	threshold := High
	a := &analysis.Analyzer{
		Name:             r.Name,
		Doc:              extractDoc(r.Doc, r.Name),
		URL:              docs + r.Name + ".md",
		RunDespiteErrors: true,
		Requires:         append([]*analysis.Analyzer{reach}, r.Requires...),
		FactTypes:        r.Facts,
		ResultType:       reflect.TypeFor[*Report](),
	}
	a.Flags.Var(&threshold, "confidence", "report findings of this `tier` and surer ones: high, medium or low")
	a.Run = func(pass *analysis.Pass) (any, error) {
		through, _ := pass.ResultOf[reach].(*Reach)
		if through == nil {
			through = new(Reach)
		}
		if len(through.Libraries) == 0 && (r.Beyond == nil || !r.Beyond(pass.Pkg) || wsapi.LibraryOf(pass.Pkg.Path()) != nil) {
			return &Report{}, nil
		}
		own := *pass
		if own.ReadFile == nil {
			own.ReadFile = os.ReadFile // nogo leaves it out
		}
		p := &Pass{Pass: &own, Reach: *through, rule: r.Name, url: a.URL, ignores: readIgnores(pass, r.Name)}
		report := p.judge(r.Run)
		for _, f := range report.Findings {
			if f.Confidence.AtLeast(threshold) {
				pass.Report(f.Diagnostic())
			}
		}
		return report, nil
	}
	return a
}

// A Pass is an analysis.Pass with what rules need besides.
type Pass struct {
	*analysis.Pass

	// Reach is what the package can reach, itself excluded.
	Reach

	rule, url string
	ignores   ignores
	findings  []Finding
	taken     []Suppressed
	calls     map[token.Pos]*ast.CallExpr // see Call
}

// Report records a finding; Rule and URL are filled in. Further positions
// at which a directive takes the finding back, besides f.Pos, can be given.
func (p *Pass) Report(f Finding, also ...token.Pos) {
	f.Rule = p.rule
	f.URL = p.url + "#" + f.Category
	for _, pos := range append([]token.Pos{f.Pos}, also...) {
		for _, i := range p.ignores.about(p.Fset, pos, f.Category) {
			i.needed = true
			if i.Reason != "" {
				p.taken = append(p.taken, Suppressed{f, i.Reason, i.Pos})
				return
			}
			f.Related = append(f.Related, analysis.RelatedInformation{
				Pos: i.Pos, Message: "this directive gives no reason and has no effect",
			})
		}
	}
	if p.generated(f.Pos) {
		f.Fixes = nil
	}
	p.findings = append(p.findings, f)
}

// Site returns pos as "file.go:12", the file without its folder: short enough
// for a message, and the same on every machine.
func (p *Pass) Site(pos token.Pos) string {
	posn := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d", base(posn.Filename), posn.Line)
}

// generated reports whether a program wrote the file that pos is in, and would
// undo what a fix does there.
func (p *Pass) generated(pos token.Pos) bool {
	for _, file := range p.Files {
		if file.FileStart <= pos && pos < file.FileEnd {
			return ast.IsGenerated(file)
		}
	}
	return false
}

// judge runs the rule and collects what it found, up to where it breaks. What
// becomes of code with type errors may be odd in ways that no rule expects;
// that is no failure.
func (p *Pass) judge(run func(*Pass)) (report *Report) {
	defer func() {
		if r := recover(); r != nil {
			report = p.finish()
			if len(p.TypeErrors) == 0 {
				report.Failure = fmt.Errorf("internal error in %s, please report it: %v", p.rule, r)
			}
		}
	}()
	run(p)
	if len(p.TypeErrors) == 0 { // rules see less of a package that has some
		p.findings = append(p.findings, p.ignores.stale(p.rule)...)
	}
	return p.finish()
}

func (p *Pass) finish() *Report {
	order := func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos, b.Pos), cmp.Compare(a.Category, b.Category), cmp.Compare(a.Message, b.Message))
	}
	slices.SortStableFunc(p.findings, order)
	slices.SortStableFunc(p.taken, func(a, b Suppressed) int { return order(a.Finding, b.Finding) })
	return &Report{Findings: p.findings, Suppressed: p.taken}
}
