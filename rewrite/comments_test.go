package rewrite

import (
	"fmt"
	"go/scanner"
	"go/token"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// annotate puts a comment with a name of its own in front of tokens of a Go
// file: of all, or of those that choose says.
func annotate(src []byte, prefix string, choose func() bool) []byte {
	var s scanner.Scanner
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	s.Init(file, src, nil, 0)
	var out strings.Builder
	last, n := 0, 0
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.SEMICOLON && lit == "\n" {
			continue // not in the text
		}
		n++
		if !choose() {
			continue
		}
		at := file.Offset(pos)
		out.Write(src[last:at])
		fmt.Fprintf(&out, "/*%s%d*/", prefix, n)
		last = at
	}
	out.Write(src[last:])
	return []byte(out.String())
}

// checkComments plans the archives as one module, with comments put in by
// annotate, and counts them afterwards.
func checkComments(t *testing.T, rule, target string, all []*golden, choose func() bool) {
	t.Helper()
	root := t.TempDir()
	write := func(path string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(root, "go.mod"), []byte("module example.com/"+rule+"\n\ngo 1.23\n\nrequire github.com/gorilla/websocket v1.5.3\n"))
	write(filepath.Join(root, "go.sum"), goSum(t))
	for _, g := range all {
		for name, data := range g.files {
			if strings.HasSuffix(name, ".go") && !strings.Contains(string(data), "DO NOT EDIT") {
				data = annotate(data, strings.TrimSuffix(filepath.Base(name), ".go")+".", choose)
			}
			write(filepath.Join(root, g.name, filepath.FromSlash(name)), data)
		}
	}
	cfg := Config{Dir: root, Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")}
	opts := Options{Target: wsapi.TargetNhooyr, RaiseGo: true}
	if target == wsapi.TargetCoder.Name {
		opts.Target = wsapi.TargetCoder
	}
	plan := planTree(t, cfg, opts)
	for _, c := range plan.Clusters {
		for _, r := range c.Blocking {
			if r.Rule == "verify" {
				t.Errorf("%s: %s", r.Pos, r.Text)
			}
		}
	}
	for _, c := range plan.Changes {
		if !strings.HasSuffix(c.Path, ".go") || c.Created {
			continue
		}
		now, old := comments(t, c.New), comments(t, c.Old)
		for text, n := range old {
			if strings.HasPrefix(text, "/*") && now[text] != n {
				t.Errorf("%s: comment %q appears %d times, want %d", c.Path, text, now[text], n)
			}
		}
	}
	for _, c := range plan.Changes {
		write(c.Path, c.New)
	}
	for _, c := range planTree(t, cfg, opts).Changes {
		t.Errorf("planned again, %s changes once more:\n%s", c.Path, c.New)
	}
}

// ordinary returns the archives of each rule that can be one module.
func ordinary(t testing.TB) map[string][]*golden {
	paths, err := filepath.Glob(filepath.Join("testdata", "*", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	byRule := map[string][]*golden{}
	for _, path := range paths {
		if filepath.Base(filepath.Dir(path)) == "programs" {
			continue
		}
		g := readGolden(t, path)
		if g.files["go.mod"] == nil && g.opts.ctx == string(CtxAuto) {
			rule := filepath.Base(filepath.Dir(path))
			byRule[rule] = append(byRule[rule], g)
		}
	}
	return byRule
}

// TestComments puts a comment in front of every token of every archive. Each
// must be there once after the conversion.
func TestComments(t *testing.T) {
	if testing.Short() {
		t.Skip("plans every archive again")
	}
	for rule, all := range ordinary(t) {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			checkComments(t, rule, wsapi.TargetNhooyr.Name, all, func() bool { return true })
		})
	}
}

// FuzzComments puts comments in front of some tokens of the archives of a
// rule.
func FuzzComments(f *testing.F) {
	byRule := ordinary(f)
	var rules []string
	for rule := range byRule {
		rules = append(rules, rule)
	}
	slices.Sort(rules)
	for i := range 3 {
		f.Add(uint8(i), uint64(i), uint8(40), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, rule uint8, seed uint64, share uint8, coder bool) {
		name := rules[int(rule)%len(rules)]
		target := wsapi.TargetNhooyr.Name
		if coder {
			target = wsapi.TargetCoder.Name
		}
		random := rand.New(rand.NewPCG(seed, 0))
		all := byRule[name]
		checkComments(t, name, target, all[random.IntN(len(all)):][:1], func() bool { return random.IntN(256) <= int(share) })
	})
}
