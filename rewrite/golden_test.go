package rewrite

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

var update = flag.Bool("update", false, "rewrite the expectations of the golden archives")

// A golden is an archive below testdata: the files of a package tree and what
// Plan makes of them. Its sections are
//
//	opts          one "key: value" a line, see goldenOptions
//	go.mod        makes it a module of its own; the others of a folder share one
//	NAME          a file before
//	want/NAME     a file afterwards, for the files that change
//	report        a line a cluster, then the reasons and the notes
//
// and, where opts name a second target, want-coder/NAME and report-coder.
type golden struct {
	path, name string
	arch       *txtar.Archive
	opts       goldenOptions
	files      map[string][]byte // before
	want       map[string][]byte // sections of expectations
	got        map[string][]byte
}

type goldenOptions struct {
	targets string // "nhooyr", "coder" or "nhooyr coder"
	ctx     string
	goline  string
	// lost are comments that the change drops, by their text.
	lost []string
}

// TestGolden plans every archive, holds the result against its expectations,
// and plans again on the result, which must change nothing.
func TestGolden(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	byRule := map[string][]*golden{}
	for _, path := range dirs {
		rule := filepath.Base(filepath.Dir(path))
		if rule == "programs" {
			continue // of TestThreeWay
		}
		byRule[rule] = append(byRule[rule], readGolden(t, path))
	}
	for _, rule := range slices.Sorted(maps.Keys(byRule)) {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			testGoldens(t, rule, byRule[rule])
		})
	}
}

func readGolden(t testing.TB, path string) *golden {
	t.Helper()
	arch, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &golden{
		path: path, name: strings.TrimSuffix(filepath.Base(path), ".txtar"), arch: arch,
		opts:  goldenOptions{targets: "nhooyr", ctx: string(CtxAuto), goline: "1.23"},
		files: map[string][]byte{}, want: map[string][]byte{}, got: map[string][]byte{},
	}
	for _, f := range arch.Files {
		switch {
		case f.Name == "opts":
			for line := range strings.Lines(string(f.Data)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				switch key {
				case "targets":
					g.opts.targets = value
				case "ctx":
					g.opts.ctx = value
				case "go":
					g.opts.goline = value
				case "lost":
					g.opts.lost = append(g.opts.lost, value)
				default:
					t.Fatalf("%s: unknown option %q", path, key)
				}
			}
		case isExpectation(f.Name):
			g.want[f.Name] = f.Data
		default:
			g.files[f.Name] = f.Data
		}
	}
	return g
}

func isExpectation(name string) bool {
	return strings.HasPrefix(name, "want/") || strings.HasPrefix(name, "want-") || strings.HasPrefix(name, "report")
}

// testGoldens lays the archives out, as few modules as possible, and tests
// each.
func testGoldens(t *testing.T, rule string, all []*golden) {
	groups := map[string][]*golden{}
	for _, g := range all {
		key := g.opts.goline + " " + g.opts.ctx + " " + g.opts.targets
		if g.files["go.mod"] != nil {
			key = g.name
		}
		groups[key] = append(groups[key], g)
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		group := groups[key]
		for _, target := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
			planGoldens(t, rule, target, group)
		}
	}
	for _, g := range all {
		t.Run(g.name, func(t *testing.T) { g.compare(t) })
	}
}

// planGoldens plans a group of archives as one module for one target. Where the
// archives expect nothing for it, the result has to pass verification, keep the
// comments and stay as it is when it is planned again.
func planGoldens(t *testing.T, rule string, target wsapi.Target, group []*golden) {
	t.Helper()
	root := t.TempDir()
	where := func(g *golden) string {
		if g.files["go.mod"] != nil {
			return root
		}
		return filepath.Join(root, g.name)
	}
	write := func(path string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	mod := "module example.com/" + rule + "\n\ngo " + group[0].opts.goline + "\n\nrequire github.com/gorilla/websocket v1.5.3\n"
	write(filepath.Join(root, "go.mod"), []byte(mod))
	write(filepath.Join(root, "go.sum"), goSum(t))
	for _, g := range group {
		for name, data := range g.files {
			write(filepath.Join(where(g), filepath.FromSlash(name)), data)
		}
	}
	cfg := Config{Dir: root, Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")}
	opts := Options{Target: target, Ctx: CtxPolicy(group[0].opts.ctx), RaiseGo: true}
	suffix := ""
	if target.Name == wsapi.TargetCoder.Name {
		suffix = "-coder"
	}
	plan := planTree(t, cfg, opts)

	for _, g := range group {
		g.report(t, "report"+suffix, where(g), plan)
	}
	for _, c := range plan.Changes {
		name := filepath.Base(c.Path)
		if name == "go.mod" || name == "go.sum" {
			continue
		}
		for _, g := range group {
			rel, err := filepath.Rel(where(g), c.Path)
			if err != nil || strings.HasPrefix(rel, "..") {
				continue
			}
			g.got["want"+suffix+"/"+filepath.ToSlash(rel)] = c.New
			g.checkText(t, rel, c)
		}
	}
	for _, c := range plan.Changes {
		write(c.Path, c.New)
	}
	for _, c := range planTree(t, cfg, opts).Changes {
		t.Errorf("planned again, %s changes once more:\n%s", c.Path, c.New)
	}
}

func planTree(t *testing.T, cfg Config, opts Options) *Plan {
	t.Helper()
	prog, err := Load(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range prog.Skipped {
		t.Errorf("skipped %s: %s", s.Path, s.Reason)
	}
	plan, err := prog.Plan(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// goSum returns this module's go.sum, which has the libraries' sums.
func goSum(t *testing.T) []byte {
	data, err := os.ReadFile(filepath.Join("..", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// report renders the clusters of the archive in dir.
func (g *golden) report(t *testing.T, section, dir string, plan *Plan) {
	var b strings.Builder
	place := func(p token.Position) string {
		rel, err := filepath.Rel(dir, p.Filename)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%s:%d", filepath.ToSlash(rel), p.Line)
	}
	inside := func(path string) bool {
		rel, err := filepath.Rel(dir, path)
		return err == nil && !strings.HasPrefix(rel, "..")
	}
	for _, c := range plan.Clusters {
		if !slices.ContainsFunc(c.Files, inside) {
			continue
		}
		if slices.ContainsFunc(c.Files, func(p string) bool { return !inside(p) }) {
			t.Errorf("%s: a cluster reaches into other archives; give it a go.mod of its own", g.path)
		}
		fmt.Fprintf(&b, "%s %d %s\n", c.Outcome, len(c.Sites), place(c.Sites[0].Pos))
		for _, r := range c.Blocking {
			fmt.Fprintf(&b, "  %s:%d %s: %s\n", place(r.Pos), r.Pos.Column, r.Rule, r.Text)
			if r.Help != "" {
				fmt.Fprintf(&b, "    %s\n", r.Help)
			}
			if r.Rule == "verify" {
				t.Errorf("%s: %s", g.path, r.Text)
			}
		}
		for _, n := range c.Notes {
			fmt.Fprintf(&b, "  %s %s: %s\n", place(n.Pos), n.Rule, n.Text)
		}
	}
	g.got[section] = []byte(b.String())
}

// checkText holds a changed file against the rules for all output: formatted
// if it was, and with every comment.
func (g *golden) checkText(t *testing.T, name string, c FileChange) {
	t.Helper()
	if f, err := format.Source(c.Old); c.Created || err == nil && bytes.Equal(f, c.Old) {
		if f, err := format.Source(c.New); err != nil || !bytes.Equal(f, c.New) {
			t.Errorf("%s: %s is not gofmt-clean (%v)", g.path, name, err)
		}
	}
	now := comments(t, c.New)
	for text, n := range comments(t, c.Old) {
		if now[text] != n && !slices.Contains(g.opts.lost, text) {
			t.Errorf("%s: %s: comment %q appears %d times, want %d", g.path, name, text, now[text], n)
		}
	}
}

// comments counts the comments of a file by their text.
func comments(t *testing.T, src []byte) map[string]int {
	t.Helper()
	out := map[string]int{}
	if len(src) == 0 {
		return out
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments)
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	for _, cg := range f.Comments {
		for _, c := range cg.List {
			out[strings.Join(strings.Fields(c.Text), " ")]++
		}
	}
	return out
}

// compare holds what was planned against the expectations, or rewrites them.
func (g *golden) compare(t *testing.T) {
	targets := strings.Fields(g.opts.targets)
	maps.DeleteFunc(g.got, func(name string, _ []byte) bool {
		target := wsapi.TargetNhooyr.Name
		if strings.HasPrefix(name, "want-coder/") || name == "report-coder" {
			target = wsapi.TargetCoder.Name
		}
		return !slices.Contains(targets, target)
	})
	if *update {
		keep := g.arch.Files[:0:0]
		for _, f := range g.arch.Files {
			if !isExpectation(f.Name) {
				keep = append(keep, f)
			}
		}
		names := slices.Collect(maps.Keys(g.got))
		sort.Slice(names, func(i, j int) bool {
			// Each target's files, then its report.
			ti, tj := strings.Contains(names[i], "-coder"), strings.Contains(names[j], "-coder")
			if ti != tj {
				return tj
			}
			ri, rj := strings.HasPrefix(names[i], "report"), strings.HasPrefix(names[j], "report")
			if ri != rj {
				return rj
			}
			return names[i] < names[j]
		})
		for _, n := range names {
			keep = append(keep, txtar.File{Name: n, Data: g.got[n]})
		}
		g.arch.Files = keep
		if err := os.WriteFile(g.path, txtar.Format(g.arch), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	for name, got := range g.got {
		if want, ok := g.want[name]; !ok {
			t.Errorf("%s is not expected:\n%s", name, got)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s\nwant\n%s", name, got, want)
		}
	}
	for name := range g.want {
		if _, ok := g.got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
}
