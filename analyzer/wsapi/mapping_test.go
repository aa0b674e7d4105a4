package wsapi_test

import (
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

var targets = []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder}

func TestMappingCoversGorilla(t *testing.T) {
	want := exported(realPackage(t, wsapi.GorillaPath))
	counts := make(map[wsapi.Kind]int)
	seen := make(map[wsapi.Symbol]bool)
	for _, m := range wsapi.Mappings() {
		counts[m.Kind]++
		if seen[m.From] {
			t.Errorf("%s has two rows", m.From)
		}
		seen[m.From] = true
		if kind, ok := want[m.From]; !ok {
			t.Errorf("%s is not exported by gorilla", m.From)
		} else if m.Kind != kind {
			t.Errorf("%s is a %s, the row says %s", m.From, kind, m.Kind)
		}
		if got, ok := wsapi.MappingOf(m.From); !ok || got.Note != m.Note {
			t.Errorf("MappingOf(%s) finds another row or none", m.From)
		}
	}
	for sym := range want {
		if !seen[sym] {
			t.Errorf("%s has no row", sym)
		}
	}
	known := map[wsapi.Kind]int{wsapi.Type: 7, wsapi.Method: 30, wsapi.Field: 22, wsapi.Const: 19, wsapi.Fn: 11, wsapi.Var: 4}
	if !maps.Equal(counts, known) {
		t.Errorf("rows by kind: %v, want %v", counts, known)
	}
	if _, ok := wsapi.MappingOf("Conn.Missing"); ok {
		t.Error("MappingOf finds a row for an identifier that does not exist")
	}
}

func TestSectionsJoinToMappings(t *testing.T) {
	var joined []wsapi.Symbol
	for _, s := range wsapi.Sections() {
		for _, m := range s.Rows {
			joined = append(joined, m.From)
		}
	}
	var all []wsapi.Symbol
	for _, m := range wsapi.Mappings() {
		all = append(all, m.From)
	}
	if !slices.Equal(joined, all) {
		t.Error("Sections and Mappings differ")
	}
}

// rules are the names of the rewrite rules.
var rules = []string{
	"addr", "close", "closeerror", "closeframe", "compression", "deadline", "dial", "handler", "heartbeat", "ident",
	"json", "limit", "prepared", "read", "reader", "request", "upgrade", "write", "writer",
}

func TestMappingRows(t *testing.T) {
	used := make(map[string]bool)
	sentenceEnd := regexp.MustCompile(`[.?!]( |$)`)
	for _, m := range wsapi.Mappings() {
		used[m.Rule] = true
		if m.Rule != "" && !slices.Contains(rules, m.Rule) {
			t.Errorf("%s: there is no rule %q", m.From, m.Rule)
		}
		shimOnly := m.VerdictFor(wsapi.TargetNhooyr) == wsapi.OnShim && m.VerdictFor(wsapi.TargetCoder) == wsapi.OnShim
		if shimOnly != (m.Rule == "") {
			t.Errorf("%s: rule %q and verdict %s: a rule is for what can be converted", m.From, m.Rule, m.Verdict)
		}
		if n := len(sentenceEnd.FindAllString(m.Note, -1)); n != 1 || !strings.HasSuffix(m.Note, ".") {
			t.Errorf("%s: the note is not one sentence: %s", m.From, m.Note)
		}
		if n := len(sentenceEnd.FindAllString(m.ByHand, -1)); n < 1 || n > 3 || !strings.HasSuffix(m.ByHand, ".") {
			t.Errorf("%s: the recipe is not one to three sentences: %s", m.From, m.ByHand)
		}
		for _, target := range targets {
			none := len(m.To(target)) == 0 && len(m.Std) == 0
			if m.Fidelity == wsapi.Same && none {
				t.Errorf("%s: the same as nothing of %s", m.From, target.Name)
			}
			if m.AfterFor(target) == "" && m.VerdictFor(target) != wsapi.OnShim {
				t.Errorf("%s: converted for %s, but no After", m.From, target.Name)
			}
		}
		if m.Before == "" {
			t.Errorf("%s: no Before", m.From)
		}
	}
	for _, r := range rules {
		if !used[r] {
			t.Errorf("no identifier has the rule %s", r)
		}
	}
}

func TestMappingCounterpartsExist(t *testing.T) {
	for _, m := range wsapi.Mappings() {
		for _, target := range targets {
			for _, sym := range m.To(target) {
				if findIn(t, target, sym) == nil {
					t.Errorf("%s: %s has no %s", m.From, target.Path, sym)
				}
			}
		}
		for _, name := range m.Std {
			if findStd(t, name) == nil {
				t.Errorf("%s: the standard library has no %s", m.From, name)
			}
		}
	}
}

// findIn resolves a counterpart: a symbol of the target's package, or of its
// package wsjson where the symbol says so.
func findIn(t *testing.T, target wsapi.Target, sym wsapi.Symbol) types.Object {
	path := target.Path
	if rest, ok := strings.CutPrefix(string(sym), "wsjson."); ok {
		path, sym = path+"/wsjson", wsapi.Symbol(rest)
	}
	return find(realPackage(t, path), sym)
}

// findStd resolves "net/http.Client.Jar".
func findStd(t *testing.T, name string) types.Object {
	slash := strings.LastIndex(name, "/") + 1
	pkg, sym, _ := strings.Cut(name[slash:], ".")
	return find(realPackage(t, name[:slash]+pkg), wsapi.Symbol(sym))
}
