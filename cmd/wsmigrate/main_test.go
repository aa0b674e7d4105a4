package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

func TestCalledByGo(t *testing.T) {
	tests := []struct {
		args []string
		want bool
	}{
		{nil, false},
		{[]string{"-V=full"}, true},
		{[]string{"-flags"}, true},
		{[]string{"-json", "/tmp/b001/vet.cfg"}, true},
		{[]string{"-V=full", "./..."}, false},
		{[]string{"lint", "./..."}, false},
	}
	for _, tt := range tests {
		if got := calledByGo(tt.args); got != tt.want {
			t.Errorf("calledByGo(%q) = %v", tt.args, got)
		}
	}
}

// Ctrl-C ends a run with one sentence and no result.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module m\n\ngo 1.21\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, args := range [][]string{{"-C", dir}, {"-C", dir, "lint"}, {"-C", dir, "fix", "-w"}} {
		var out, errs bytes.Buffer
		if got := run(ctx, args, os.Environ(), nil, &out, &errs); got != exitUsage {
			t.Errorf("%q: exit status %d, want %d", args, got, exitUsage)
		}
		if out.Len() > 0 || !strings.HasPrefix(errs.String(), "wsmigrate: interrupted") {
			t.Errorf("%q: stdout %q, stderr %q", args, out.String(), errs.String())
		}
	}
}

func TestReleaseOf(t *testing.T) {
	for v, want := range map[string]string{
		"v0.1.0": "v0.1.0", "v1.2.3-rc.1": "v1.2.3-rc.1",
		"": "", "(devel)": "",
		"v0.0.0-20261122101112-0123456789ab":         "",
		"v0.1.1-0.20261122101112-0123456789ab":       "",
		"v0.1.0+dirty":                               "",
		"v0.1.1-0.20261122101112-0123456789ab+dirty": "",
	} {
		if got := releaseOf(v); got != want {
			t.Errorf("releaseOf(%q) = %q, want %q", v, got, want)
		}
	}
}

func TestDescribe(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	tests := []struct {
		version  string
		settings []debug.BuildSetting
		want     string
	}{
		{"v0.1.0", []debug.BuildSetting{setting("vcs.revision", "abc")}, "v0.1.0"},
		{"(devel)", nil, "(built from source)"},
		{"(devel)", []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "false")}, "(built from source, commit abc)"},
		{"v0.1.0+dirty", []debug.BuildSetting{setting("vcs.revision", "abc"), setting("vcs.modified", "true")}, "(built from source, commit abc, with changes)"},
		{"v0.0.0-20261122101112-0123456789ab", nil, "(built from source, v0.0.0-20261122101112-0123456789ab)"},
	}
	for _, tt := range tests {
		info := &debug.BuildInfo{Main: debug.Module{Version: tt.version}, Settings: tt.settings}
		if got := describe(info); got != tt.want {
			t.Errorf("%s %v: %q, want %q", tt.version, tt.settings, got, tt.want)
		}
	}
}

func TestChangeStatus(t *testing.T) {
	changed := []rewrite.FileChange{{Path: "/src/a.go"}}
	plan := func(fallback rewrite.Fallback, changes []rewrite.FileChange, outcomes ...rewrite.Outcome) *rewrite.Plan {
		p := &rewrite.Plan{Options: rewrite.Options{Fallback: fallback}, Changes: changes}
		for _, o := range outcomes {
			p.Clusters = append(p.Clusters, &rewrite.Cluster{Outcome: o})
		}
		return p
	}
	tests := []struct {
		name  string
		write bool
		mode  rewrite.Mode
		plan  *rewrite.Plan
		want  int
	}{
		{"empty diff", false, rewrite.Fix, plan("shim", nil, rewrite.Native), exitOK},
		{"empty diff, clusters remain", true, rewrite.Fix, plan("shim", nil, rewrite.Shim), exitOK},
		{"diff", false, rewrite.Fix, plan("shim", changed, rewrite.Native), exitFound},
		{"all native", true, rewrite.Fix, plan("shim", changed, rewrite.Native, rewrite.Helpers), exitOK},
		{"shim remains", true, rewrite.Fix, plan("shim", changed, rewrite.Native, rewrite.Shim), exitRemain},
		{"pinned remains", true, rewrite.Fix, plan("shim", changed, rewrite.Pinned), exitRemain},
		{"shim is done", true, rewrite.SwapImports, plan("shim", changed, rewrite.Shim), exitOK},
		{"shim, pinned remains", true, rewrite.SwapImports, plan("shim", changed, rewrite.Shim, rewrite.Pinned), exitRemain},
		{"left on gorilla", true, rewrite.Fix, plan("leave", changed, rewrite.Native, rewrite.Shim), exitRemain},
	}
	for _, tt := range tests {
		if got := changeStatus(tt.write, tt.mode, tt.plan); got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestWriteRoot(t *testing.T) {
	src := filepath.Join(string(filepath.Separator), "src")
	tests := []struct {
		mods []string
		want string
	}{
		{nil, filepath.Join(src, "dir")},
		{[]string{"a"}, filepath.Join(src, "a")},
		{[]string{"a", filepath.Join("a", "nested")}, filepath.Join(src, "a")},
		{[]string{"a", "ab"}, src},
		{[]string{filepath.Join("x", "b"), filepath.Join("x", "a", "c")}, filepath.Join(src, "x")},
	}
	for _, tt := range tests {
		prog := &rewrite.Program{}
		for _, m := range tt.mods {
			prog.Modules = append(prog.Modules, rewrite.Module{Dir: filepath.Join(src, m)})
		}
		if got := writeRoot(prog, filepath.Join(src, "dir")); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.mods, got, tt.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"fix", "lint", "-color", "-compat-dir", "-w", "Conn.WriteMessage"}
	for s, want := range map[string]string{
		"fxi": " (did you mean fix?)", "Lint": " (did you mean lint?)", "-colour": " (did you mean -color?)",
		"-compat": " (did you mean -compat-dir?)", "-wirte": " (did you mean -w?)",
		"conn.writemessge": " (did you mean Conn.WriteMessage?)",
		"chat":             "", "": "",
	} {
		if got := didYouMean(s, names); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestParseRules(t *testing.T) {
	for _, list := range []string{"wsorigin,-wsorigin/never", " wsorigin , -wsorigin/never", "wsorigin -wsorigin/never,"} {
		rules, err := parseRules(list)
		if err != nil || !rules.Has("wsorigin", "always") || rules.Has("wsorigin", "never") || rules.Has("wsclose", "late") {
			t.Errorf("%q: %v, %v", list, rules, err)
		}
	}
	if _, err := parseRules("wsorigin,wsclos"); err == nil || !strings.Contains(err.Error(), "-rules wsorigin,wsclos: there is no rule wsclos (did you mean wsclose?)") {
		t.Errorf("a name that is no rule: %v", err)
	}
}

// A baseline accounts for as many equal findings as it was made from.
func TestBaseline(t *testing.T) {
	at := func(line int, fn string) report.Finding {
		return report.Finding{Rule: "r", Category: "c", Posn: report.Posn{File: "a.go", Line: line, Col: 1}, Func: fn, Message: "m"}
	}
	b := newBaseline([]report.Finding{at(1, "f"), at(2, "f"), at(9, "g")})
	if len(b.Findings) != 2 {
		t.Fatalf("%d entries, want 2: %+v", len(b.Findings), b.Findings)
	}
	fresh, known, gone := b.filter([]report.Finding{at(11, "f"), at(12, "f"), at(13, "f"), at(20, "h")})
	var lines []int
	for _, f := range fresh {
		lines = append(lines, f.Posn.Line)
	}
	if want := []int{13, 20}; !slices.Equal(lines, want) {
		t.Errorf("new findings at %v, want %v", lines, want)
	}
	if len(known) != 2 || known[0].Posn.Line != 11 || known[1].Posn.Line != 12 {
		t.Errorf("known: %+v, want those at 11 and 12", known)
	}
	if len(gone) != 1 || gone[0].Func != "g" {
		t.Errorf("gone: %+v, want that of g", gone)
	}
}

// writeFile replaces a file as a whole, keeps its mode, and leaves nothing
// beside it.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	if err := os.WriteFile(path, []byte("old and longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("content %q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := writeFile(filepath.Join(dir, "missing", "out"), nil); err == nil {
		t.Error("a missing folder is no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("folder holds %v, %v", entries, err)
	}
}

// Each flag that a subcommand takes exists, and each flag belongs somewhere.
func TestFlagsBelong(t *testing.T) {
	var o options
	var help bool
	fs := flagSet(&o, &help)
	taken := map[string]bool{"h": true, "help": true}
	for _, names := range [][]string{commonFlags, writeFlags, fixFlags, lintFlags} {
		for _, n := range names {
			taken[n] = true
			if fs.Lookup(n) == nil {
				t.Errorf("there is no flag -%s", n)
			}
		}
	}
	for _, n := range flagNames(fs) {
		if !taken[n[1:]] {
			t.Errorf("no subcommand takes %s", n)
		}
	}
	for _, c := range commands() {
		if c.help() == "" || len(c.examples) == 0 {
			t.Errorf("%s has no help", c.name)
		}
		for _, e := range c.examples {
			if got := fmt.Sprintf("%.9s", e); got != "wsmigrate" {
				t.Errorf("%s: example %q", c.name, e)
			}
		}
	}
}
