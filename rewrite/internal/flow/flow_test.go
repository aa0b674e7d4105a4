package flow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

const gomod = `
go 1.21

require github.com/gorilla/websocket v1.5.3
`

// marker is the comment behind a line with sites: the letters of their
// clusters, and the kinds of the boundaries found on the line.
var marker = regexp.MustCompile(`//([A-Z]*)((?: [a-z-]+)*)$`)

// TestAnalyze lays every case out as a module, a go.mod without a module line
// being completed, and compares the clusters and boundaries found with the
// markers in its files. A file without a package clause is a part of package
// main that imports gorilla.
func TestAnalyze(t *testing.T) {
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := strings.TrimPrefix(tt.src, "\n")
			if !strings.HasPrefix(src, "-- ") {
				src = "-- main.go --\npackage main\n\nimport \"github.com/gorilla/websocket\"\n\nfunc main() {}\n" + src
			}
			dir := t.TempDir()
			ar := txtar.Parse([]byte(src))
			hasMod := false
			for _, f := range ar.Files {
				if f.Name == "go.mod" {
					hasMod = true
				}
			}
			if !hasMod {
				ar.Files = append(ar.Files, txtar.File{Name: "go.mod", Data: []byte("module app\n" + gomod)})
			}
			var want []string
			for _, f := range ar.Files {
				path := filepath.Join(dir, filepath.FromSlash(f.Name))
				if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
					t.Fatal(err)
				}
				data := strings.ReplaceAll(string(f.Data), "$GOMOD", strings.TrimSpace(gomod))
				if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
					t.Fatal(err)
				}
				for i, line := range strings.Split(data, "\n") {
					if m := marker.FindStringSubmatch(line); m != nil && strings.HasSuffix(f.Name, ".go") && m[0] != "//" {
						want = append(want, fmt.Sprintf("%s:%d %s", f.Name, i+1, strings.TrimPrefix(m[0], "//")))
					}
				}
			}
			tree := loadTree(t, dir)
			for id, e := range tree.Broken {
				t.Errorf("%s does not compile: %s", id, e)
			}
			g := flow.Analyze(tree, func(path string) bool { return path == wsapi.GorillaPath })
			got := describe(dir, g, want)
			sort.Strings(want)
			if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("clusters and boundaries:\n%s\nwant:\n%s", g, w)
			}
		})
	}
}

func loadTree(t *testing.T, dir string) *load.Tree {
	t.Helper()
	env := append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod")
	tree, err := load.Load(context.Background(), load.Config{
		Dir: dir, Env: env,
		Reaches: func(path string) bool { return path == wsapi.GorillaPath },
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// describe writes what was found in the form of the markers. Clusters take the
// letter that the first of their lines is wanted to have, if none has it yet.
func describe(dir string, g *flow.Graph, want []string) []string {
	wanted := map[string]string{}
	for _, w := range want {
		pos, rest, _ := strings.Cut(w, " ")
		wanted[pos], _, _ = strings.Cut(rest, " ")
	}
	at := func(file string, line int) string {
		rel, err := filepath.Rel(dir, file)
		if err != nil {
			rel = file
		}
		return fmt.Sprintf("%s:%d", filepath.ToSlash(rel), line)
	}
	taken := map[string]bool{}
	letters := map[string]string{}
	kinds := map[string][]string{}
	for i, c := range g.Clusters {
		letter := fmt.Sprintf("#%d", i)
		for l := range strings.SplitSeq(wanted[at(c.Sites[0].Pos.Filename, c.Sites[0].Pos.Line)], "") {
			if !taken[l] {
				letter = l
				break
			}
		}
		taken[letter] = true
		for _, s := range c.Sites {
			p := at(s.Pos.Filename, s.Pos.Line)
			if !strings.Contains(letters[p], letter) {
				letters[p] += letter
			}
		}
		for _, b := range c.Boundaries {
			p := at(b.Pos.Filename, b.Pos.Line)
			kinds[p] = append(kinds[p], " "+b.Kind)
			letters[p] += ""
		}
	}
	var out []string
	for p, l := range letters {
		sort.Strings(kinds[p])
		out = append(out, p+" "+l+strings.Join(kinds[p], ""))
	}
	sort.Strings(out)
	return out
}
