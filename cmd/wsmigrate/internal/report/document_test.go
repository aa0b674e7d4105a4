package report

import (
	"bytes"
	"encoding/json"
	"go/token"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/golden"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// sample is a document that uses every field.
func sample(dir string) *Document {
	at := func(file string, line, col int) token.Position {
		return token.Position{Filename: filepath.Join(dir, filepath.FromSlash(file)), Line: line, Column: col}
	}
	d := New(dir, "nhooyr.io/websocket")
	d.Summary.Packages = 3
	d.AddModules([]rewrite.Module{{Path: "example.com/b"}, {Path: "example.com/a"}})
	d.AddSkipped([]rewrite.Skipped{{Path: filepath.Join(dir, "gen.go"), Reason: "generated"}})
	hub := Finding{
		Rule: "wsconcurrent", Category: "goroutine", Confidence: "high",
		Posn: Posn{"hub/hub.go", 4, 2}, End: Posn{"hub/hub.go", 4, 11}, Message: "two goroutines write",
		Related: []Related{{Posn: Posn{"hub/hub.go", 2, 1}, End: Posn{"hub/hub.go", 2, 4}, Message: "the other write"}},
		Flows: []Flow{
			{"the goroutine of run", []Related{{Posn: Posn{"hub/hub.go", 4, 2}, End: Posn{"hub/hub.go", 4, 11}, Message: "Write"}}},
			{"the goroutine of main", nil},
		},
		Fixes: []Fix{{"Take a lock", []Edit{{Posn: Posn{"hub/hub.go", 4, 2}, End: Posn{"hub/hub.go", 4, 2}, NewText: "mu.Lock()\n"}}}, {Message: "Nothing"}},
		URL:   "https://example.com/wsconcurrent.md#goroutine", Func: "(*Hub).run",
	}
	origin := Finding{
		Rule: "wsorigin", Category: "always", Confidence: "high",
		Posn: Posn{"a.go", 1, 1}, End: Posn{"a.go", 1, 1}, Message: "accepts any Origin",
	}
	d.SetFindings([]Finding{hub, origin, hub})
	d.AddPlan(&rewrite.Plan{
		Configs: 2,
		Clusters: []*rewrite.Cluster{
			{
				ID: 1, Name: "chat (server)", Outcome: rewrite.Native, Sites: make([]rewrite.Site, 14),
				Files: []string{filepath.Join(dir, "a.go"), filepath.Join(dir, "hub", "hub.go")},
				Notes: []rewrite.Note{{Pos: at("hub/hub.go", 3, 1), Rule: "heartbeat", Text: "dead peers are noticed later"}},
			},
			{
				Notes: []rewrite.Note{{Pos: at("legacy.go", 9, 1), Rule: "heartbeat", Text: "dead peers are noticed later"}},
				ID:    2, Name: "legacy", Outcome: rewrite.Shim, Sites: make([]rewrite.Site, 21),
				Files: []string{filepath.Join(dir, "legacy.go")},
				Blocking: []rewrite.Reason{
					{Pos: at("legacy.go", 140, 2), Rule: "reader", Text: "the reader is not read to its end"},
					{Pos: at("legacy.go", 130, 9), Rule: "reader", Text: "the reader is not read to its end"},
					{Pos: at("legacy.go", 88, 7), Rule: "handler", Text: "nhooyr has no hook for pings", Help: "try -to coder"},
				},
			},
			{ID: 3, Name: "resolver", Outcome: rewrite.Pinned, Sites: make([]rewrite.Site, 1), Diagnostic: "r.go:3:1:\n\tundefined: x"},
		},
		Skipped:  []rewrite.Skipped{{Path: filepath.Join(dir, "gen.go"), Reason: "generated"}},
		Messages: []string{"go.mod needs go 1.19"},
	})
	return d
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t.TempDir()).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "sample.json", b.Bytes())
}

// Programs that read the JSON need no test for null: every list is there.
func TestJSONEmpty(t *testing.T) {
	d := New("/src", "nhooyr.io/websocket")
	d.AddPlan(&rewrite.Plan{Clusters: []*rewrite.Cluster{{ID: 1, Outcome: rewrite.Native}}})
	d.SetFindings(nil)
	var b bytes.Buffer
	if err := d.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("null")) {
		t.Errorf("null in\n%s", b.Bytes())
	}
	var v map[string]any
	if err := json.Unmarshal(b.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "modules", "target", "findings", "clusters", "skipped", "summary"} {
		if _, ok := v[key]; !ok {
			t.Errorf("no %s in\n%s", key, b.Bytes())
		}
	}
}

func TestSummaryLine(t *testing.T) {
	unmoved := sample("/src")
	unmoved.Left = true
	tests := []struct {
		doc  Document
		want string
	}{
		{Document{}, "no sites to migrate"},
		{*unmoved, "36 sites in 3 clusters: 14 native, 21 left on gorilla, 1 pinned; 3 packages type-checked in 2 build configurations"},
		{Document{Clusters: make([]Cluster, 1), Summary: Summary{Sites: 1, Native: 1, Packages: 1}}, "1 site in 1 cluster: 1 native; 1 package"},
		{*sample("/src"), "36 sites in 3 clusters: 14 native, 21 on the shim, 1 pinned; 3 packages type-checked in 2 build configurations"},
	}
	for _, tt := range tests {
		if got := tt.doc.SummaryLine(); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

func TestFingerprint(t *testing.T) {
	base := Finding{Rule: "wsconcurrent", Category: "goroutine", Posn: Posn{"hub.go", 88, 7}, Func: "(*Hub).run",
		Message: "also written at client.go:41, in the goroutine started at hub.go:12:3"}
	moved := base
	moved.Posn.Line, moved.Posn.Col = 93, 9
	moved.Message = "also written at client.go:50, in the goroutine started at hub.go:17:3"
	if base.Fingerprint() != moved.Fingerprint() {
		t.Error("a finding that moved has another fingerprint")
	}
	for name, f := range map[string]func(*Finding){
		"rule":     func(f *Finding) { f.Rule = "wsorigin" },
		"category": func(f *Finding) { f.Category = "timer" },
		"file":     func(f *Finding) { f.Posn.File = "client.go" },
		"function": func(f *Finding) { f.Func = "(*Hub).stop" },
		"message":  func(f *Finding) { f.Message = "also written at other.go:41" },
	} {
		other := base
		f(&other)
		if base.Fingerprint() == other.Fingerprint() {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

// What is encoded comes back whole.
func TestEncode(t *testing.T) {
	for name, d := range map[string]*Document{"sample": sample("/src"), "empty": New("/src", "nhooyr.io/websocket")} {
		d.Changes = append(d.Changes, rewrite.FileChange{Path: "/src/a.go", Old: []byte("a"), New: []byte("b")})
		d.Suppress([]Suppressed{{Finding: Finding{Rule: "wsorigin"}, Reason: "asked for"}})
		data, err := d.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(data)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range d.Suppressed { // as Decode returns them
			d.Suppressed[i].Finding = s.Finding.filled()
		}
		if !reflect.DeepEqual(back, d) {
			t.Errorf("%s: came back as\n%+v, want\n%+v", name, back, d)
		}
		if _, err := Decode(data[:len(data)/2]); err == nil {
			t.Errorf("%s: half a document is one", name)
		}
	}
}
