package rewrite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

const brokenModule = twoClusters + `
-- bad/bad.go --
package bad

import (
	"example.com/nowhere"
	"github.com/gorilla/websocket"
)

type holder struct {
	conn *websocket.Conn
	missing nowhere.Type
}

func (h *holder) use(f func(undefined)) {
	h.conn.Nope()
	nothing(h.conn, websocket.TextMessage)
	x, y := alsoNothing()
	for _, c := range unknown {
		c.WriteMessage(websocket.TextMessage, x, y)
	}
	var i interface{ M(*websocket.Conn) } = nonsense{h.conn}
	switch v := i.(type) {
	case *websocket.Conn:
		v.Close(1, 2)
	}
	return h.conn, websocket.Upgrader{Foo: 1}.Bar
}
-- half/half.go --
package half

import "github.com/gorilla/websocket"

func half(c *websocket.Conn) {
	c.WriteMessage(
-- page/page.go --
package page

import (
	"example.com/two/static"
	"github.com/gorilla/websocket"
)

func push(c *websocket.Conn) { c.WriteMessage(websocket.TextMessage, static.Page()) }
-- static/static.go --
package static

import "example.com/two/static/files"

func Page() []byte { return files.Page }
-- static/files/files.go --
package files

import _ "embed"

//go:embed dist
var Page []byte
`

// TestBroken plans a tree in which some packages do not compile: they are
// listed and not edited, and the rest is converted.
func TestBroken(t *testing.T) {
	prog := layOut(t, brokenModule)
	plan, err := prog.Plan(context.Background(), Options{Target: wsapi.TargetNhooyr})
	if err != nil {
		t.Fatal(err)
	}
	skipped := map[string]bool{}
	for _, s := range plan.Skipped {
		skipped[filepath.Base(s.Path)] = true
		if filepath.Base(s.Path) == "page" && !strings.Contains(s.Reason, "pattern dist: no matching files") {
			t.Errorf("page is skipped since %s", s.Reason)
		}
	}
	if !skipped["bad"] || !skipped["half"] || !skipped["page"] {
		t.Errorf("skipped %v, want bad, half and page", plan.Skipped)
	}
	native := 0
	for _, c := range plan.Clusters {
		inBroken := false
		for _, f := range c.Files {
			inBroken = inBroken || filepath.Base(f) != "a.go"
		}
		switch {
		case c.Outcome == Native && !inBroken:
			native++
		case c.Outcome != Pinned:
			t.Errorf("cluster %v is %s", c.Files, c.Outcome)
		}
	}
	if native != 2 {
		t.Errorf("%d clusters are native, want 2", native)
	}
	for _, c := range plan.Changes {
		switch base := filepath.Base(c.Path); base {
		case "a.go", "go.sum":
		case "go.mod":
			if !strings.Contains(string(c.New), wsapi.GorillaModule) {
				t.Error("go.mod drops gorilla, which the broken packages import")
			}
		default:
			t.Errorf("%s is changed", base)
		}
	}
}

// TestLoadRefuses gives Load trees of which nothing can be made.
func TestLoadRefuses(t *testing.T) {
	mod := "module example.com/x\n\ngo 1.21\n"
	tests := []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no go.mod", map[string]string{"x.go": "package x\n"}, "no go.mod in"},
		{"no packages", map[string]string{"go.mod": mod}, "no Go packages"},
		{"no such pattern", map[string]string{"go.mod": mod, "x.go": "package x\n"}, "nowhere"},
		{"bad go.mod", map[string]string{"go.mod": "modul x\n", "x.go": "package x\n"}, "go.mod"},
		{"not in the cache", map[string]string{"go.mod": mod + "\nrequire github.com/gorilla/websocket v1.0.1\n",
			"x.go": "package x\n\nimport \"github.com/gorilla/websocket\"\n\nvar _ websocket.Conn\n"}, "github.com/gorilla/websocket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, data := range tt.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			cfg := Config{Dir: dir, Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")}
			if tt.name == "no such pattern" {
				cfg.Patterns = []string{"./nowhere"}
			}
			_, err := Load(context.Background(), cfg)
			var r *Refusal
			if !errors.As(err, &r) {
				t.Fatalf("got %v, want a *Refusal", err)
			}
			if !strings.Contains(r.Reason, tt.want) || r.Help == "" || strings.Contains(r.Reason, "\n") {
				t.Errorf("got %q, want one line with %q and some help", err, tt.want)
			}
		})
	}
}

// TestNothingCompiles loads a tree in which no package compiles: it can be
// judged, but nothing can be planned.
func TestNothingCompiles(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string]string{
		"go.mod": "module example.com/x\n\ngo 1.21\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"go.sum": string(goSum(t)),
		"x.go":   "package x\n\nimport \"github.com/gorilla/websocket\"\n\nvar _ websocket.Nope\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Load(context.Background(), Config{Dir: dir, Env: append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=")})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Packages()) != 1 || len(p.Skipped) != 1 {
		t.Errorf("%d packages, %d skipped: want one of each", len(p.Packages()), len(p.Skipped))
	}
	_, err = p.Plan(context.Background(), Options{})
	r, ok := errors.AsType[*Refusal](err)
	if !ok || !strings.Contains(r.Reason, "no package compiles") || r.Help == "" {
		t.Errorf("got %v, want a *Refusal: no package compiles", err)
	}
}
