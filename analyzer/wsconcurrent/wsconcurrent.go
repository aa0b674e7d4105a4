package wsconcurrent

import (
	_ "embed"
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/flow"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

//go:embed doc.go
var doc string

// Analyzer reports goroutines that write to, or read from, one connection at
// the same time.
var Analyzer = rule.Rule{
	Name: "wsconcurrent", Doc: doc, Run: run,
	Requires: []*analysis.Analyzer{lazyssa.Analyzer},
	Facts:    []analysis.Fact{new(flow.Fact)},
}.Analyzer()

// Categories.
const (
	goroutine = "goroutine" // two writers
	many      = "many"      // one writer, run by several goroutines at once
	reader    = "reader"    // two readers
)

// maxRelated bounds the further places that a finding names.
const maxRelated = 6

func run(pass *rule.Pass) {
	facts := &flow.Facts{
		Of:       func(fn *types.Func, f *flow.Fact) bool { return pass.ImportObjectFact(fn, f) },
		Packages: pass.Through,
	}
	if !concerned(pass, facts) {
		return
	}
	pkg := pass.ResultOf[lazyssa.Analyzer].(*lazyssa.Builder).Guess()
	if pkg == nil {
		return
	}
	r := reporter{pass, pkg, make(map[token.Pos]bool), make(map[[2]string]bool)}
	prog := flow.NewWith(pkg, pass.Libraries, facts)
	for _, group := range flow.Groups(prog.Pairs()) {
		r.report(group)
	}
	prog.Facts(func(fn *types.Func, f *flow.Fact) { pass.ExportObjectFact(fn, f) })
}

// concerned reports whether the package has to do with connections at all: it
// calls a library, or a function of which a fact tells that it does, or through
// an interface that a connection fits. The SSA form of others is not worth its
// price.
func concerned(pass *rule.Pass, facts *flow.Facts) bool {
	seen := make(map[*types.Func]bool)
	for _, obj := range pass.TypesInfo.Uses {
		fn, ok := obj.(*types.Func)
		if !ok || fn.Pkg() == nil || seen[fn] {
			continue
		}
		seen[fn] = true
		if wsapi.LibraryOf(fn.Pkg().Path()) != nil || flow.Telling(fn.Name()) {
			return true
		}
		var f flow.Fact
		if facts.Packages[fn.Pkg()] && facts.Of(fn.Origin(), &f) && f.OfConns() {
			return true
		}
	}
	return false
}

// A reporter turns pairs into findings.
type reporter struct {
	*rule.Pass
	pkg      *lazyssa.Package
	reported map[token.Pos]bool
	// far has the pairs of places in other packages that were reported: what
	// goes on there is one cause, however many callers it has here.
	far map[[2]string]bool
}

// report makes one finding of the pairs about one connection: the first, which
// is the surest, with the places of the others. Where a helper writes to many
// connections, one finding stands at its line.
func (r *reporter) report(group []flow.Pair) {
	pass, p := r.Pass, group[0]
	a, b := p.A, p.B
	if later(b, a) {
		a, b = b, a
	}
	if a.Far != "" && b.Far != "" {
		cause := [2]string{min(a.Far, b.Far), max(a.Far, b.Far)}
		if p.Confidence != rule.High && r.far[cause] {
			return
		}
		r.far[cause] = true
	}
	if r.reported[a.Pos] {
		if a, b = b, a; r.reported[a.Pos] {
			return
		}
	}
	r.reported[a.Pos] = true
	f := rule.Finding{Confidence: p.Confidence, Category: goroutine}
	for _, u := range []flow.Use{a, b} {
		if r.pkg.Guessed(u.Fn) || r.pkg.Guessed(u.Origin.Fn) {
			f.Confidence = rule.Min(f.Confidence, rule.Medium)
		}
	}
	f.Pos, f.End = pass.Call(a.Pos)
	verb, contract := "writes to", "allows one concurrent writer"
	if a.Lib.Writers == wsapi.Many {
		contract = "takes no lock for a frame writer"
	}
	if p.Kind == flow.Read {
		f.Category = reader
		verb, contract = "reads from", "allows one concurrent reader"
	}
	site := func(u flow.Use) string {
		s := fmt.Sprintf("%s at %s", call(u), pass.Site(u.Pos))
		if u.Far != "" {
			s += fmt.Sprintf(" (%s at %s)", u.Call, u.Far)
		}
		if a.Pos == b.Pos && u.Via.IsValid() {
			// A helper that both call: the way there tells more.
			s += " called at " + pass.Site(u.Via)
		}
		return s + " by " + origin(pass, u.Origin)
	}
	who := site(a)
	switch {
	case a.Pos != b.Pos || a.Origin != b.Origin || a.Via != b.Via:
		who += ", and " + site(b)
	default:
		who += ", of which there can be several at once"
		if f.Category == goroutine {
			f.Category = many
		}
	}
	f.Message = fmt.Sprintf("concurrent %s one connection (%s): %s; %s %s", verb, p.Object, who, a.Lib.Name, contract)

	seen := map[token.Pos]bool{a.Pos: true}
	relate := func(u flow.Use, what string) {
		pos := u.Pos
		if seen[pos] && a.Pos == b.Pos && u.Via.IsValid() {
			pos = u.Via
		}
		if !seen[pos] && len(f.Related) < maxRelated {
			seen[pos] = true
			from, to := pass.Call(pos)
			f.Related = append(f.Related, analysis.RelatedInformation{
				Pos: from, End: to, Message: fmt.Sprintf("%s %s by %s", call(u), what, origin(pass, u.Origin)),
			})
		}
	}
	relate(b, "at the same time")
	for _, q := range group[1:] {
		if q.Confidence == p.Confidence {
			relate(q.A, "likewise")
			relate(q.B, "likewise")
		}
	}
	f.Flows = []rule.Flow{way(pass, a), way(pass, b)}
	if a.Pos == b.Pos && a.Origin == b.Origin && a.Via == b.Via {
		f.Flows[1].Name = "another such goroutine"
	}
	f.Fixes = r.control(group)
	pass.Report(f, b.Pos)
}

// way tells a use as the steps of its goroutine: the start, the call that leads
// to the use where that is another place, and the use.
func way(pass *rule.Pass, u flow.Use) rule.Flow {
	w := rule.Flow{Name: origin(pass, u.Origin)}
	step := func(from, to token.Pos, format string, args ...any) {
		w.Steps = append(w.Steps, analysis.RelatedInformation{Pos: from, End: to, Message: fmt.Sprintf(format, args...)})
	}
	if u.Origin.Pos.IsValid() {
		what := "the goroutine runs this function"
		switch u.Origin.Kind {
		case flow.FromGo:
			what = "the goroutine is started"
		case flow.FromRequest:
			what = "each request runs this on a goroutine of its own"
		case flow.FromStored:
			what = "this function is stored, and called by another goroutine"
		case flow.FromCaller:
			what = "callers run this function"
		}
		step(u.Origin.Pos, token.NoPos, "%s", what)
	}
	if u.Via.IsValid() && u.Via != u.Pos && u.Via != u.Origin.Pos {
		from, to := pass.Call(u.Via)
		what := "it goes on from here"
		switch name := flow.FuncName(u.Fn); {
		case name != "":
			what = "it calls " + name
		case u.Fn != nil:
			what = "it calls the function literal at " + pass.Site(u.Fn.Pos())
		}
		step(from, to, "%s", what)
	}
	from, to := pass.Call(u.Pos)
	if u.Far != "" {
		step(from, to, "%s leads to %s at %s", call(u), u.Call, u.Far)
	} else {
		step(from, to, "%s", call(u))
	}
	return w
}

// call names the function that is called at the position of a use.
func call(u flow.Use) string {
	if name := flow.FuncName(u.Func); name != "" {
		return name
	}
	return u.Call
}

// later reports whether a finding stands at a rather than at b: at the use that
// takes fewer locks, or else on a goroutine of its own, or else further down.
func later(a, b flow.Use) bool {
	switch {
	case len(a.Locks) != len(b.Locks):
		return len(a.Locks) < len(b.Locks)
	case (a.Thread != nil) != (b.Thread != nil):
		return a.Thread != nil
	}
	return a.Pos > b.Pos
}

// origin describes a goroutine.
func origin(pass *rule.Pass, o flow.Origin) string {
	if o.Far != "" {
		return o.Far
	}
	switch o.Kind {
	case flow.FromGo:
		if name := flow.FuncName(o.Fn); name != "" {
			return fmt.Sprintf("the goroutine of %s started at %s", name, pass.Site(o.Pos))
		}
		return "the goroutine started at " + pass.Site(o.Pos)
	case flow.FromRequest:
		if name := flow.FuncName(o.Fn); name != "" {
			return fmt.Sprintf("the goroutine of a request (%s)", name)
		}
		return fmt.Sprintf("the goroutine of a request (handler at %s)", pass.Site(o.Pos))
	case flow.FromStored:
		return fmt.Sprintf("whoever calls the function literal at %s", pass.Site(o.Pos))
	case flow.FromCaller:
		return "callers of " + flow.FuncName(o.Fn)
	}
	if name := flow.FuncName(o.Fn); name != "" {
		return "the goroutine that runs " + name
	}
	return fmt.Sprintf("the goroutine that runs the function literal at %s", pass.Site(o.Pos))
}
