package analyzer_test

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A cell counts declarations in the cases of a rule that use one library.
type cell struct {
	found  map[string]int // those with findings, by category
	silent int            // those without
}

// A board has the cells of each rule by library, and those of the shapes of
// wsconcurrent by shape and library.
type board struct {
	rules  map[string]map[string]*cell
	shapes map[string]map[string]*cell
}

// about names the libraries in which each category has to have findings; the
// others have nothing that the category is about.
var about = map[string]string{
	"wsconcurrent/goroutine": "gorilla fasthttp gofiber gobwas xnet",
	"wsconcurrent/many":      "gorilla fasthttp gofiber gobwas xnet",
	"wsconcurrent/reader":    "gorilla nhooyr coder", // of forks as of gorilla

	"wsorigin/always":      "gorilla fasthttp gobwas xnet",
	"wsorigin/conditional": "gorilla nhooyr coder",
	"wsorigin/skip":        "nhooyr coder",
	"wsorigin/wildcard":    "nhooyr coder gofiber",
	"wsorigin/missing":     "gorilla fasthttp gofiber gobwas xnet",
	"wsorigin/comparison":  "gorilla fasthttp xnet",
	"wsorigin/stale":       "gorilla", // of a directive, whatever the library

	"wslimit/unlimited": "gorilla fasthttp gofiber gobwas nhooyr coder",
	"wslimit/default":   "nhooyr coder",
	"wslimit/exceeded":  "nhooyr coder",
	"wslimit/expected":  "nhooyr coder",
	"wslimit/zero":      "nhooyr coder",

	"wsdeadline/heartbeat": "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsdeadline/cleared":   "gorilla fasthttp gofiber gobwas xnet",
	"wsdeadline/locked":    "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsdeadline/unread":    "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsdeadline/pong":      "gorilla gobwas nhooyr coder",

	// Fiber and fasthttp have servers of their own.
	"wsserver/header":  "gorilla gobwas xnet nhooyr coder",
	"wsserver/h2":      "gorilla fasthttp coder",
	"wsserver/wrapped": "gorilla gobwas xnet coder",

	"wsreadloop/every":   "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsreadloop/some":    "gorilla gobwas xnet coder",
	"wsreadloop/ignored": "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsreadloop/timeout": "gorilla fasthttp gofiber", // a net.Conn survives one

	"wscontext/request":  "gorilla nhooyr coder",
	"wscontext/canceled": "nhooyr coder",
	"wscontext/bound":    "nhooyr coder",
	"wscontext/timeout":  "nhooyr coder",

	"wsclose/early":   "gorilla fasthttp gobwas xnet nhooyr coder", // Fiber has no client
	"wsclose/leak":    "gorilla fasthttp gobwas xnet nhooyr coder",
	"wsclose/late":    "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsclose/writer":  "gorilla fasthttp gofiber nhooyr coder", // gobwas's are flushed, x/net's need nothing
	"wsclose/relock":  "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsclose/holding": "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
}

// rest names the libraries in which each rule has to have code that is in
// order.
var rest = map[string]string{
	"wsconcurrent": "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsorigin":     "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wslimit":      "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsdeadline":   "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wsserver":     "gorilla gobwas xnet nhooyr coder",
	"wsreadloop":   "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
	"wscontext":    "gorilla nhooyr coder",
	"wsclose":      "gorilla fasthttp gofiber gobwas xnet nhooyr coder",
}

// TestMatrix holds that the cases leave no hole: each category has findings in
// every library that it is about, each rule has correct code, and each shape
// that the bugs of wsconcurrent have is there, with its repair, in all
// libraries; where several goroutines may write, neither is found. Run it with
// -v for the numbers.
func TestMatrix(t *testing.T) {
	b := &board{make(map[string]map[string]*cell), make(map[string]map[string]*cell)}
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadSyntax | packages.NeedModule, Dir: ruletest.Module(t, ".", "1.26"),
		Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS="),
	}, "./...")
	if err != nil {
		t.Fatal(err)
	}
	graph, err := checker.Analyze(analyzer.Suite, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, act := range graph.Roots {
		if rel, ok := strings.CutPrefix(act.Package.PkgPath, ruletest.ModulePath+"/"+act.Analyzer.Name+"/"); ok {
			b.count(act.Analyzer.Name, rel, act)
		}
	}
	t.Logf("\n%s", b)

	for what, libs := range about {
		name, category, _ := strings.Cut(what, "/")
		for _, lib := range strings.Fields(libs) {
			if cellOf(b.rules, name, lib).found[category] == 0 {
				t.Errorf("no case of %s in %s", what, lib)
			}
		}
	}
	for name, libs := range b.rules {
		for lib, c := range libs {
			for category := range c.found {
				if about[name+"/"+category] == "" {
					t.Errorf("%s/%s, found in %s, is not in the list", name, category, lib)
				}
			}
		}
		for _, lib := range strings.Fields(rest[name]) {
			if cellOf(b.rules, name, lib).silent == 0 {
				t.Errorf("%s has no code in %s that is in order", name, lib)
			}
		}
	}
	for n := range 9 {
		shape := fmt.Sprintf("s%d ", n+1)
		for _, lib := range strings.Fields(rest["wsconcurrent"]) {
			bug, fixed := cellOf(b.shapes, shape+"bug", lib), cellOf(b.shapes, shape+"fixed", lib)
			found := len(bug.found) > 0
			if free := lib == "nhooyr" || lib == "coder"; found == free || free && bug.silent == 0 {
				t.Errorf("the bug of shape %s is found in %s: %t", shape, lib, found)
			}
			if len(fixed.found) > 0 || fixed.silent == 0 {
				t.Errorf("the repair of shape %s in %s: %d declarations in order, found %v", shape, lib, fixed.silent, fixed.found)
			}
		}
	}
}

// count enters what a rule says of a package of its cases.
func (b *board) count(rule, rel string, act *checker.Action) {
	p := act.Package
	findings := analyzer.Findings(act.Result)
	for _, file := range p.Syntax {
		whole := librariesIn(p, file)
		for _, decl := range file.Decls {
			libs := librariesIn(p, decl)
			categories := make(map[string]bool)
			for _, f := range findings {
				// What is low may be a matter of policy, which wsconcurrent has none of.
				if decl.Pos() <= f.Pos && f.Pos < decl.End() && (rule != "wsconcurrent" || f.Confidence.AtLeast(analyzer.Medium)) {
					categories[f.Category] = true
				}
			}
			if len(libs) == 0 && len(categories) > 0 {
				libs = whole
			}
			for lib := range libs {
				cellOf(b.rules, rule, lib).add(categories)
				if path := strings.Split(rel, "/"); rule == "wsconcurrent" && path[0] == "shapes" {
					shape := path[2] + " " + strings.TrimSuffix(filepath.Base(p.Fset.File(file.Pos()).Name()), ".go")
					cellOf(b.shapes, shape, lib).add(categories)
				}
			}
		}
	}
}

func cellOf(m map[string]map[string]*cell, row, lib string) *cell {
	if m[row] == nil {
		m[row] = make(map[string]*cell)
	}
	if m[row][lib] == nil {
		m[row][lib] = &cell{found: make(map[string]int)}
	}
	return m[row][lib]
}

func (c *cell) add(categories map[string]bool) {
	if len(categories) == 0 {
		c.silent++
	}
	for category := range categories {
		c.found[category]++
	}
}

// librariesIn returns the names of the libraries that a part of a file uses.
func librariesIn(p *packages.Package, node ast.Node) map[string]bool {
	names := make(map[string]bool)
	ast.Inspect(node, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if obj := p.TypesInfo.Uses[id]; obj != nil && obj.Pkg() != nil {
				if lib := wsapi.LibraryOf(obj.Pkg().Path()); lib != nil {
					names[lib.Name] = true
				}
			}
		}
		return true
	})
	if names["gofiber"] {
		delete(names, "fasthttp") // whose methods Fiber's connections have
	}
	return names
}

// String is the board as a table.
func (b *board) String() string {
	var libs []string
	for _, lib := range wsapi.Libraries() {
		if !slices.Contains(libs, lib.Name) {
			libs = append(libs, lib.Name)
		}
	}
	var s strings.Builder
	w := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\t%s\n", strings.Join(libs, "\t"))
	row := func(name string, of map[string]*cell, number func(*cell) int) {
		fmt.Fprint(w, name)
		for _, lib := range libs {
			n := 0
			if c := of[lib]; c != nil {
				n = number(c)
			}
			fmt.Fprintf(w, "\t%d", n)
		}
		fmt.Fprintln(w)
	}
	for _, rows := range []map[string]map[string]*cell{b.rules, b.shapes} {
		for _, name := range slices.Sorted(maps.Keys(rows)) {
			categories := make(map[string]bool)
			for _, c := range rows[name] {
				for category := range c.found {
					categories[category] = true
				}
			}
			for _, category := range slices.Sorted(maps.Keys(categories)) {
				row(name+" "+category, rows[name], func(c *cell) int { return c.found[category] })
			}
			row(name+", in order", rows[name], func(c *cell) int { return c.silent })
		}
	}
	w.Flush()
	return s.String()
}
