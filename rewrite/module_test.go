package rewrite

import (
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/load"
)

// TestTargetVersion holds that a module which requires an older version of the
// target already gets the one that the rules write for, if and only if
// converted code starts to use it.
func TestTargetVersion(t *testing.T) {
	const old = "module example.net/app\n\ngo 1.20\n\nrequire (\n\tgithub.com/gorilla/websocket v1.5.3\n\tnhooyr.io/websocket v1.8.7\n)\n"
	nh := wsapi.TargetNhooyr
	both := map[string]bool{wsapi.GorillaModule: true, nh.Path: true}
	for _, tt := range []struct {
		name          string
		gomod         string
		after, gained map[string]bool
		version       string
		message       bool
	}{
		{"a converted file", old, map[string]bool{nh.Path: true}, map[string]bool{nh.Path: true}, nh.Version, true},
		{"nothing converted", old, both, map[string]bool{}, "v1.8.7", false},
		{"newer already", strings.Replace(old, "v1.8.7", "v1.99.0", 1), map[string]bool{nh.Path: true}, map[string]bool{nh.Path: true}, "v1.99.0", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pl := &planner{prog: &Program{tree: &load.Tree{}}, opts: Options{Target: nh}}
			m := &moduleState{Module: Module{Path: "example.net/app", Dir: t.TempDir(), Go: "1.20"}, old: []byte(tt.gomod)}
			changes, err := pl.modChange(t.Context(), m, both, tt.after, tt.gained)
			if err != nil {
				t.Fatal(err)
			}
			got := tt.gomod
			if len(changes) > 0 {
				got = string(changes[0].New)
			}
			if v := required([]byte(got), nh.Path); v != tt.version {
				t.Errorf("go.mod requires %s %s, want %s", nh.Path, v, tt.version)
			}
			if got := len(pl.msgs) > 0; got != tt.message {
				t.Errorf("messages %q, want some: %t", pl.msgs, tt.message)
			}
		})
	}
}

func TestOtherVersions(t *testing.T) {
	state := func(gomod string) *moduleState {
		return &moduleState{Module: Module{Path: "m"}, old: []byte(gomod), files: map[string][]string{"x.go": {wsapi.GorillaPath}}}
	}
	pl := &planner{mods: []*moduleState{
		state("module m\n\nrequire github.com/gorilla/websocket v1.5.3\n"),
		state("module m\n\nrequire github.com/gorilla/websocket v1.4.2\n"),
		state("module m\n"),
	}}
	got := pl.otherVersions()
	if len(got) != 1 || !strings.Contains(got[0], "v1.4.2") {
		t.Errorf("messages %q, want one about v1.4.2", got)
	}
}

// TestGoLineRaised holds that a go.mod of before 1.17 lists all it needs once
// its go line is raised past that, and only then.
func TestGoLineRaised(t *testing.T) {
	cd := wsapi.TargetCoder
	before := map[string]bool{wsapi.GorillaModule: true}
	after := map[string]bool{cd.Path: true}
	for _, tt := range []struct {
		goLine  string
		lists   bool
		version string
	}{
		{"1.16", true, "v1.2.3"},
		{"1.18", false, ""},
	} {
		t.Run(tt.goLine, func(t *testing.T) {
			pl := &planner{
				prog: &Program{tree: &load.Tree{Deps: map[string]string{
					"example.net/direct": "v1.0.0", "example.net/indirect": "v1.2.3", wsapi.GorillaModule: "v1.5.3",
				}}},
				opts: Options{Target: cd, RaiseGo: true},
			}
			m := &moduleState{
				Module: Module{Path: "example.net/app", Dir: t.TempDir(), Go: tt.goLine},
				old:    []byte("module example.net/app\n\ngo " + tt.goLine + "\n\nrequire (\n\texample.net/direct v1.0.0\n\tgithub.com/gorilla/websocket v1.5.3\n)\n"),
			}
			changes, err := pl.modChange(t.Context(), m, before, after, after)
			if err != nil || len(changes) == 0 {
				t.Fatalf("%d changes, %v", len(changes), err)
			}
			got := string(changes[0].New)
			if v := required([]byte(got), "example.net/indirect"); v != tt.version {
				t.Errorf("go.mod requires example.net/indirect %q, want %q:\n%s", v, tt.version, got)
			}
			if strings.Contains(got, "example.net/direct v1.0.0 //") {
				t.Errorf("a direct requirement became indirect:\n%s", got)
			}
		})
	}
}

// TestCompatRaisesEngine holds that compat's engine is raised to the version
// that compat needs where the module uses an older one itself.
func TestCompatRaisesEngine(t *testing.T) {
	nh := wsapi.TargetNhooyr
	pl := &planner{prog: &Program{tree: &load.Tree{}}, opts: Options{Target: nh, CompatVersion: "v0.1.0"}}
	m := &moduleState{
		Module: Module{Path: "example.net/app", Dir: t.TempDir(), Go: "1.20"},
		old:    []byte("module example.net/app\n\ngo 1.20\n\nrequire (\n\tgithub.com/gorilla/websocket v1.5.3\n\tnhooyr.io/websocket v1.8.7\n)\n"),
	}
	before := map[string]bool{wsapi.GorillaModule: true, nh.Path: true}
	after := map[string]bool{wsapi.CompatModule: true, nh.Path: true}
	changes, err := pl.modChange(t.Context(), m, before, after, map[string]bool{wsapi.CompatModule: true})
	if err != nil || len(changes) == 0 {
		t.Fatalf("%d changes, %v", len(changes), err)
	}
	if v := required(changes[0].New, nh.Path); v != nh.Version {
		t.Errorf("go.mod requires %s %s, want %s", nh.Path, v, nh.Version)
	}
}
