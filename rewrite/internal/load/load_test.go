package load

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/txtar"
)

const gorilla = "github.com/gorilla/websocket"

// lay writes an archive into a new folder. $REQUIRE stands for the requirement
// of gorilla.
func lay(t *testing.T, src string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(strings.TrimPrefix(src, "\n"))).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		data := strings.ReplaceAll(string(f.Data), "$REQUIRE", "go 1.21\n\nrequire github.com/gorilla/websocket v1.5.3")
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func config(dir string, env ...string) Config {
	return Config{
		Dir: dir, Reaches: func(path string) bool { return path == gorilla },
		Env: append(append(os.Environ(), "GOWORK=", "GOPROXY=off", "GOSUMDB=off", "GOFLAGS="), env...),
	}
}

// mod loads a single module, for which the go command completes go.sum.
func mod(t *testing.T, src string) (*Tree, string) {
	t.Helper()
	dir := lay(t, src)
	tree, err := Load(context.Background(), config(dir, "GOWORK=off", "GOFLAGS=-mod=mod"))
	if err != nil {
		t.Fatal(err)
	}
	return tree, dir
}

// files returns the files of each view, relative to dir.
func files(dir string, tree *Tree) map[string][]string {
	out := map[string][]string{}
	for _, v := range tree.Views {
		set := map[string]bool{}
		for _, p := range v.Packages {
			for _, f := range p.GoFiles {
				if rel, err := filepath.Rel(dir, f); err == nil {
					set[filepath.ToSlash(rel)] = true
				}
			}
		}
		for f := range set {
			out[v.Build.String()] = append(out[v.Build.String()], f)
		}
		sort.Strings(out[v.Build.String()])
	}
	return out
}

const use = `
import "github.com/gorilla/websocket"

var conn *websocket.Conn
`

// TestViews holds which files are loaded in which build configuration.
func TestViews(t *testing.T) {
	for _, tt := range []struct {
		name, src string
		want      map[string]string
	}{
		{"only what reaches the library", `
-- go.mod --
module app

$REQUIRE
-- hub/hub.go --
package hub
` + use + `
-- main.go --
package main

import _ "app/hub"

func main() {}
-- alone/alone.go --
package alone
-- testdata/x/x.go --
package x
` + use + `
-- _hidden/x.go --
package x
` + use + `
-- nested/go.mod --
module nested

$REQUIRE
-- nested/n.go --
package n
` + use, map[string]string{"host": "hub/hub.go main.go"}},
		{"packages of tests alone", `
-- go.mod --
module app

$REQUIRE
-- p/p.go --
package p
-- p/p_test.go --
package p_test
` + use + `
-- q/q_test.go --
package q
` + use, map[string]string{"host": "p/p.go p/p_test.go q/q_test.go"}},
		{"platforms and tags, those of two folders at once", `
-- go.mod --
module app

$REQUIRE
-- a/a_windows.go --
package a
` + use + `
-- a/a.go --
package a
-- b/b_windows.go --
package b
` + use + `
-- c/c.go --
//go:build special

package c
` + use, map[string]string{
			"windows/amd64": "a/a.go a/a_windows.go b/b_windows.go",
			"tags special":  "c/c.go",
		}},
		{"a file that uses what another declares", `
-- go.mod --
module app

$REQUIRE
-- a.go --
package app
` + use + `
-- a_windows.go --
package app

func closeIt() { conn.Close() }
-- b_windows.go --
package app

func unrelated() {}
`, map[string]string{"host": "a.go", "windows/amd64": "a.go a_windows.go b_windows.go"}},
		{"a file of another platform that uses nothing", `
-- go.mod --
module app

$REQUIRE
-- a.go --
package app
` + use + `
-- b_windows.go --
package app

func unrelated() {}
`, map[string]string{"host": "a.go"}},
		{"commands that are run by their file", `
-- go.mod --
module app

$REQUIRE
-- client.go --
//go:build ignore

package main
` + use + `
func main() {}
-- server.go --
//go:build ignore

package main
` + use + `
func main() {}
`, map[string]string{"client.go": "client.go", "server.go": "server.go"}},
		{"a dependency whose path begins with the module's", `
-- go.mod --
module example.net/app

$REQUIRE

require example.net/app/api v0.0.0

replace example.net/app/api => ./api
-- main.go --
package main

import _ "example.net/app/api"

func main() {}
-- api/go.mod --
module example.net/app/api

$REQUIRE
-- api/api.go --
package api

import "github.com/gorilla/websocket"

var Conn *websocket.Conn
`, map[string]string{"host": "main.go"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree, dir := mod(t, tt.src)
			got := files(dir, tree)
			for b, want := range tt.want {
				if g := strings.Join(got[b], " "); g != want {
					t.Errorf("%s: files %s, want %s", b, g, want)
				}
			}
			for b := range got {
				if _, ok := tt.want[b]; !ok {
					t.Errorf("%s is loaded: %s", b, got[b])
				}
			}
			for id, e := range tree.Broken {
				t.Errorf("%s does not compile: %s", id, e)
			}
			if len(tree.Unseen) > 0 {
				t.Errorf("not seen: %v", tree.Unseen)
			}
		})
	}
}

// TestChosen holds which packages are looked at among those that import a
// library only by way of others.
func TestChosen(t *testing.T) {
	const head = `
-- go.mod --
module app

$REQUIRE

require example.net/dep v0.0.0

replace example.net/dep => ./dep
-- dep/go.mod --
module example.net/dep

$REQUIRE
-- dep/dep.go --
package dep

import "github.com/gorilla/websocket"

`
	for _, tt := range []struct{ name, src, want string }{
		{"a dependency that keeps its connections to itself", head + `
type Client struct{ conn *websocket.Conn }

func (c *Client) Send(s string) error { return c.conn.WriteMessage(1, []byte(s)) }
-- p/p.go --
package p

import "example.net/dep"

func send(c *dep.Client) { c.Send("x") }
`, ""},
		{"one that hands them out by a method of a field", head + `
type Client struct{ Link *link }

type link struct{ conn *websocket.Conn }

func (l *link) Conn() *websocket.Conn { return l.conn }
-- p/p.go --
package p

import "example.net/dep"

func send(c *dep.Client) { c.Link.Conn().Close() }
`, "p/p.go"},
		{"one to tests alone", head + `
func Dial() (*websocket.Conn, error) { return nil, nil }
-- p/p.go --
package p
-- p/p_test.go --
package p

import "example.net/dep"

var _, _ = dep.Dial()
`, "p/p.go p/p_test.go"},
		{"a word of the hints", head + `
func Open() any { return new(websocket.Conn) }
-- p/p.go --
package p

import "example.net/dep"

var w = dep.Open().(interface{ WriteMessage(int, []byte) error })
-- q/q.go --
package q

import "example.net/dep"

var w = dep.Open()
`, "p/p.go"},
		{"what imports a package that can change", `
-- go.mod --
module app

$REQUIRE
-- hub/hub.go --
package hub
` + use + `
-- mid/mid.go --
package mid

import _ "app/hub"
-- top/top_test.go --
package top

import _ "app/mid"
-- beside/beside.go --
package beside

import _ "app/top"
-- top/top.go --
package top
`, "hub/hub.go mid/mid.go top/top.go top/top_test.go"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := lay(t, tt.src)
			cfg := config(dir, "GOWORK=off", "GOFLAGS=-mod=mod")
			cfg.Hints = []string{"WriteMessage"}
			tree, err := Load(context.Background(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(files(dir, tree)["host"], " "); got != tt.want {
				t.Errorf("files %q, want %q", got, tt.want)
			}
			for id, e := range tree.Broken {
				t.Errorf("%s does not compile: %s", id, e)
			}
		})
	}
}

// TestOtherPlatform holds that a package of another platform is type-checked
// with what it imports, although that is not compiled for it.
func TestOtherPlatform(t *testing.T) {
	tree, _ := mod(t, `
-- go.mod --
module app

$REQUIRE
-- a_plan9.go --
package app

import (
	"net/http"
	"slices"
`+`
	"github.com/gorilla/websocket"
)

func upgrade(w http.ResponseWriter, r *http.Request) {
	c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
	if err == nil && slices.Contains([]int{1}, 1) {
		c.Close()
	}
}
-- bad_plan9.go --
package app

var wrong int = "text"
`)
	if len(tree.Views) != 1 || len(tree.Views[0].Packages) != 1 {
		t.Fatalf("views %v", tree.Views)
	}
	p := tree.Views[0].Packages[0]
	if len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Msg, `"text"`) {
		t.Errorf("errors %v, want the one of bad_plan9.go", p.Errors)
	}
}

func TestUnseen(t *testing.T) {
	tree, dir := mod(t, `
-- go.mod --
module app

$REQUIRE
-- p.go --
package p
-- never.go --
//go:build linux && windows

package p
`+use)
	if reason := tree.Unseen[filepath.Join(dir, "never.go")]; reason == "" || len(tree.Unseen) != 1 {
		t.Errorf("not seen: %v, want never.go with a reason", tree.Unseen)
	}
}

// TestFindBuild holds the choice of a configuration against names and
// constraints.
func TestFindBuild(t *testing.T) {
	for _, tt := range []struct{ name, constraint, tags, want string }{
		{"a_darwin.go", "", "", "darwin"},
		{"a_linux_arm64.go", "", "", "linux/arm64"},
		{"a_windows_test.go", "", "", "windows"},
		{"a.go", "windows || darwin", "", "darwin"},
		{"a.go", "!linux", "", "darwin"},
		{"a.go", "integration", "", "linux tags integration"},
		{"a.go", "integration && !fast", "", "linux tags integration"},
		{"a.go", "a && b", "", "linux tags a,b"},
		{"a.go", "a && b", "b", "linux tags b,a"},
		{"a.go", "js && wasm", "", "js/wasm"},
		{"a.go", "linux && windows", "", ""},
		{"a.go", "ignore", "", ""},
		{"linux.go", "", "", "linux"},
	} {
		t.Run(tt.name+" "+tt.constraint, func(t *testing.T) {
			src := "package p\n"
			if tt.constraint != "" {
				src = "//go:build " + tt.constraint + "\n\n" + src
			}
			path := filepath.Join(t.TempDir(), tt.name)
			if err := os.WriteFile(path, []byte(src), 0o666); err != nil {
				t.Fatal(err)
			}
			b, ok := findBuild(path, tt.tags, "linux/amd64")
			got := ""
			if ok {
				got = b.GOOS
				if strings.Contains(tt.want, "/") {
					got += "/" + b.GOARCH
				}
				if b.Tags != "" {
					got += " tags " + b.Tags
				}
			}
			if got != tt.want {
				t.Errorf("build %q, want %q", got, tt.want)
			}
		})
	}
}

func TestModules(t *testing.T) {
	const twoModules = `
-- a/go.mod --
module example.net/a

go 1.21
-- a/a.go --
package a
-- b/go.mod --
module example.net/b

go 1.22
-- b/b.go --
package b
-- c/go.mod --
module example.net/c
-- c/c.go --
package c
`
	for _, tt := range []struct {
		name, src, dir string
		modules        string // path@go
		work           bool
		err            error
	}{
		{"a workspace", twoModules + "-- go.work --\ngo 1.22\n\nuse (\n\t./a\n\t./b\n)\n", ".", "example.net/a@1.21 example.net/b@1.22", true, nil},
		{"a module of it", twoModules + "-- go.work --\ngo 1.22\n\nuse (\n\t./a\n\t./b\n)\n", "a", "example.net/a@1.21 example.net/b@1.22", true, nil},
		{"a module that it does not list", twoModules + "-- go.work --\ngo 1.22\n\nuse ./b\n", "a", "example.net/a@1.21", false, nil},
		{"without a go line", twoModules, "c", "example.net/c@", false, nil},
		{"no module", "-- x.go --\npackage x\n", ".", "", false, ErrNoModule},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(lay(t, tt.src), tt.dir)
			tree, err := Load(context.Background(), config(dir))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			var got []string
			for _, m := range tree.Modules {
				got = append(got, m.Path+"@"+m.Go)
			}
			slices.Sort(got)
			if g := strings.Join(got, " "); g != tt.modules || (tree.Work != "") != tt.work {
				t.Errorf("modules %s, workspace %q; want %s, a workspace: %t", g, tree.Work, tt.modules, tt.work)
			}
		})
	}
}

// TestListed holds what the listing of packages tells besides: libraries,
// dependencies, and who else imports a library.
func TestListed(t *testing.T) {
	tree, _ := mod(t, `
-- go.mod --
module example.net/lib

$REQUIRE

require example.net/dep v0.0.0

replace example.net/dep => ./dep
-- lib.go --
package lib

import _ "example.net/dep"
-- dep/go.mod --
module example.net/dep

$REQUIRE
-- dep/dep.go --
package dep
`+use)
	if !tree.Libraries["example.net/lib"] {
		t.Errorf("libraries %v, want example.net/lib", tree.Libraries)
	}
	if got := tree.Foreign[gorilla]; !slices.Contains(got, "example.net/dep") {
		t.Errorf("foreign importers %v, want example.net/dep", got)
	}
	if tree.Deps[gorilla] != "v1.5.3" {
		t.Errorf("dependencies %v, want %s v1.5.3", tree.Deps, gorilla)
	}
}

// TestListedByTag holds that what a build tag brings in is heard of.
func TestListedByTag(t *testing.T) {
	tree, _ := mod(t, `
-- go.mod --
module app

$REQUIRE

require example.net/dep v0.0.0

replace example.net/dep => ./dep
-- a.go --
package app
`+use+`
-- b.go --
//go:build integration

package app

import (
	_ "example.net/dep"

	"github.com/gorilla/websocket"
)

var other *websocket.Conn
-- dep/go.mod --
module example.net/dep

$REQUIRE
-- dep/dep.go --
package dep
`+use)
	if got := tree.Foreign[gorilla]; !slices.Contains(got, "example.net/dep") {
		t.Errorf("foreign importers %v, want example.net/dep", got)
	}
}

// TestOrphans holds that modules are found which only others that go, or change,
// ask for in the version that is used.
func TestOrphans(t *testing.T) {
	tree, _ := mod(t, `
-- go.mod --
module app

go 1.16

require (
	github.com/gorilla/websocket v1.5.3
	example.net/goes v1.0.0
	example.net/stays v1.0.0
)

replace (
	example.net/goes => ./goes
	example.net/stays => ./stays
	example.net/through => ./through
	example.net/only => ./only
	example.net/both => ./both
	example.net/lower => ./lower
	example.net/unused => ./unused
)
-- a.go --
package app

import (
	_ "example.net/goes"
	_ "example.net/stays"
)
`+use+`
-- goes/go.mod --
module example.net/goes

go 1.16

require (
	example.net/both v1.0.0
	example.net/lower v1.2.0
	example.net/through v1.0.0
	example.net/unused v1.0.0
)
-- goes/p.go --
package goes
-- stays/go.mod --
module example.net/stays

go 1.16

require (
	example.net/both v1.0.0
	example.net/lower v1.1.0
)
-- stays/p.go --
package stays

import (
	_ "example.net/both"
	_ "example.net/lower"
	_ "example.net/only"
)
-- through/go.mod --
module example.net/through

go 1.16

require example.net/only v1.4.0
-- only/go.mod --
module example.net/only
-- only/p.go --
package only
-- both/go.mod --
module example.net/both
-- both/p.go --
package both
-- lower/go.mod --
module example.net/lower
-- lower/p.go --
package lower
-- unused/go.mod --
module example.net/unused
`)
	want := []module.Version{{Path: "example.net/lower", Version: "v1.2.0"}, {Path: "example.net/only", Version: "v1.4.0"}}
	if got := tree.Orphans([]string{"example.net/goes"}); !slices.Equal(got, want) {
		t.Errorf("orphans %v, want %v", got, want)
	}
	if got := tree.Orphans(nil); len(got) != 0 {
		t.Errorf("orphans %v where nothing goes", got)
	}
}

// TestVerify holds that an overlay, of go.mod too, is what gets type-checked.
func TestVerify(t *testing.T) {
	tree, dir := mod(t, `
-- go.mod --
module app

$REQUIRE
-- p.go --
package p
`+use)
	good := map[string][]byte{filepath.Join(dir, "p.go"): []byte("package p\n\nvar conn string\n")}
	views, _, err := tree.Verify(context.Background(), good)
	if err != nil || len(views) != 1 || len(views[0].Packages) != 1 || len(views[0].Packages[0].Errors) != 0 {
		t.Fatalf("views %v, error %v; want one package without errors", views, err)
	}
	if o := views[0].Packages[0].Types.Scope().Lookup("conn"); o == nil || o.Type().String() != "string" {
		t.Errorf("conn is %v, want a string", o)
	}
	if views[0].universe != nil {
		t.Error("a view that was checked again could be so once more")
	}
	for _, tt := range []struct {
		name    string
		overlay map[string]string
		want    string // in the first error
	}{
		{"a package that is new", map[string]string{"p.go": "package p\n\nimport \"container/ring\"\n\nvar conn ring.Ring\n"}, ""},
		{"a package that is not there", map[string]string{"p.go": "package p\n\nimport \"app/gone\"\n\nvar conn gone.T\n"}, "app/gone is not in std"},
		{"a file that is new", map[string]string{"p.go": "package p\n\nvar conn helper\n", "q.go": "package p\n\ntype helper int\n"}, ""},
		{"a file of another platform that is new", map[string]string{"p.go": "package p\n\nvar conn helper\n", "q_plan9.go": "package p\n\ntype helper int\n"}, "undefined: helper"},
		{"an older language", map[string]string{"p.go": "package p\n\nvar conn any\n", "go.mod": "module app\n\ngo 1.17\n"}, "requires go1.18"},
		{"a module that go.mod no longer names", map[string]string{"go.mod": "module app\n\ngo 1.21\n"}, "no required module provides package"},
	} {
		overlay := map[string][]byte{}
		for name, src := range tt.overlay {
			overlay[filepath.Join(dir, name)] = []byte(src)
		}
		tree.Env = slices.DeleteFunc(tree.Env, func(s string) bool { return strings.HasPrefix(s, "GOFLAGS=") })
		views, _, err := tree.Verify(context.Background(), overlay)
		if err != nil || len(views) != 1 || len(views[0].Packages) != 1 {
			t.Errorf("%s: views %v, error %v", tt.name, views, err)
			continue
		}
		text := firstError(views[0].Packages[0])
		if (text == "") != (tt.want == "") || !strings.Contains(text, tt.want) {
			t.Errorf("%s: error %q, want %q", tt.name, text, tt.want)
		}
	}
	bad := map[string][]byte{filepath.Join(dir, "p.go"): []byte("package p\n\nvar conn string = 1\n")}
	views, _, err = tree.Verify(context.Background(), bad)
	if err != nil || len(views[0].Packages[0].Errors) == 0 {
		t.Errorf("error %v; want an error in the package", err)
	}
}

// TestFirstErrorIsStable has many imports that cannot be had: the same one is
// named each time.
func TestFirstErrorIsStable(t *testing.T) {
	p := &packages.Package{PkgPath: "example.com/m", Errors: []packages.Error{{Msg: "could not import", Kind: packages.TypeError}}, Imports: map[string]*packages.Package{}}
	for _, name := range []string{"c", "b", "a", "e", "d", "f", "h", "g"} {
		path := "example.com/" + name
		p.Imports[path] = &packages.Package{PkgPath: path, Errors: []packages.Error{{Msg: "no such module", Kind: packages.ListError}}}
	}
	for range 20 {
		if got, want := firstError(p), "example.com/a: no such module"; got != want {
			t.Fatalf("the error is %q, want %q", got, want)
		}
	}
}
