// Package reporttest has a document for the tests of what writes documents.
package reporttest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

const (
	hub = `package chat

import "github.com/gorilla/websocket"

// A Hub knows everybody.
type Hub struct {
	conn *websocket.Conn
	name string
}

func (h *Hub) run(greeting string) {
	go func() { // greets
		h.conn.WriteMessage(websocket.TextMessage, []byte("<script>alert('" + greeting + "')</script>"))
	}()
	for {
		_, p, err := h.conn.ReadMessage()
		if err != nil {
			return
		}
		h.conn.WriteMessage(websocket.TextMessage, p)
	}
}

/* A comment
   of several lines. */
const doc = ` + "`raw\ntext`" + `
`
	upgrade = "package chat\r\n\r\nvar up = websocket.Upgrader{\r\n\tCheckOrigin: func(r *http.Request) bool { return true }, // größe 🎈\r\n}\r\n"
	mod     = "module example.com/chat\n\ngo 1.21\n\nrequire github.com/gorilla/websocket v1.5.3\n"
	odd     = "mein hub/größe #1.go"
)

// Sample returns a document about files that it writes below a folder: every
// kind of outcome, finding and change, names with spaces and letters beyond
// ASCII, CRLF, and texts that are markup in some format.
func Sample(t *testing.T) *report.Document {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string]string{"hub.go": hub, odd: upgrade, "go.mod": mod} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	at := func(file string, line, col int) report.Posn { return report.Posn{File: file, Line: line, Col: col} }
	place := func(file string, line, col, end int, what string) report.Related {
		return report.Related{Posn: at(file, line, col), End: at(file, line, end), Message: what}
	}

	d := report.New(dir, "nhooyr.io/websocket")
	d.Command, d.Linted = "report", true
	d.Modules = []string{"example.com/chat"}
	d.Summary.Packages = 3
	d.SetFindings([]report.Finding{
		{
			Rule: "wsconcurrent", Category: "goroutine", Confidence: "high", Func: "(*Hub).run",
			Posn: at("hub.go", 20, 10), End: at("hub.go", 20, 48),
			Message: "concurrent writes to one connection (Hub.conn): WriteMessage at hub.go:20, and <b>WriteMessage</b> at hub.go:13",
			Related: []report.Related{place("hub.go", 13, 10, 22, "WriteMessage at the same time by the goroutine started at hub.go:12")},
			Flows: []report.Flow{
				{Name: "whoever calls Hub.run", Steps: []report.Related{
					place("hub.go", 11, 1, 1, "callers run this function"), place("hub.go", 20, 10, 48, "WriteMessage")}},
				{Name: "the goroutine started at hub.go:12", Steps: []report.Related{
					place("hub.go", 12, 2, 2, "the goroutine is started"), place("hub.go", 13, 10, 22, "WriteMessage")}},
			},
			URL: "https://example.com/wsconcurrent.md#goroutine",
		},
		{
			Rule: "wsorigin", Category: "always", Confidence: "high", Posn: at(odd, 4, 2), End: at(odd, 4, 57),
			Message: "CheckOrigin accepts every Origin",
			Fixes:   []report.Fix{{Message: "Remove CheckOrigin", Edits: []report.Edit{{Posn: at(odd, 4, 1), End: at(odd, 5, 1)}}}},
			URL:     "https://example.com/wsorigin.md#always",
		},
		{
			Rule: "wslimit", Category: "unlimited", Confidence: "low", Posn: at("hub.go", 16, 16), End: at("hub.go", 16, 16),
			Message: "no limit is set, so one message can take all memory",
		},
	})
	d.Clusters = []report.Cluster{
		{
			ID: 1, Name: "chat (server)", Outcome: "native", Sites: 24, Files: []string{"hub.go"}, Blocking: []report.Blocking{},
			Notes: []report.Note{
				{Posn: at("hub.go", 13, 10), Rule: "deadline", Message: "a write that runs into its timeout closes the connection"},
				{Posn: at("hub.go", 20, 10), Rule: "deadline", Message: "a write that runs into its timeout closes the connection"},
				{Posn: at("hub.go", 16, 16), Rule: "read", Message: "a message that is cut off can be reported as complete; ask @octocat or see #12"},
			},
		},
		{ID: 2, Name: "chat (client) #2", Outcome: "helpers", Sites: 11, Files: []string{odd}, Blocking: []report.Blocking{}, Notes: []report.Note{}},
		{
			ID: 3, Name: "legacy", Outcome: "shim", Sites: 21, Files: []string{"legacy.go"}, Notes: []report.Note{},
			Blocking: []report.Blocking{
				{Posn: at("legacy.go", 88, 7), Rule: "handler", Reason: "nhooyr has no hook for pings", Help: "try -to coder"},
				{Posn: at("legacy.go", 130, 9), Rule: "reader", Reason: "the reader is not read to its end"},
				{Posn: at("legacy.go", 140, 2), Rule: "reader", Reason: "the reader is not read to its end"},
			},
		},
		{
			ID: 4, Name: "graph|resolver", Outcome: "pinned", Sites: 2, Files: []string{}, Notes: []report.Note{},
			Blocking:   []report.Blocking{{Rule: "dependency", Reason: "Upgrader is passed to example.com/dep@v0.17.80"}},
			Diagnostic: "r.go:3:1:\n\tundefined: x",
		},
	}
	d.Summary.Sites, d.Summary.Native, d.Summary.Helpers, d.Summary.Shim, d.Summary.Pinned = 58, 24, 11, 21, 2
	d.Skipped = []report.Skipped{{Path: "gen/api.go", Reason: "generated"}}
	d.Messages = []string{"go.mod needs go 1.19"}
	d.Planned, d.Configs = true, 2
	d.Changes = []rewrite.FileChange{
		change(dir, "go.mod", mod, strings.Replace(mod, "github.com/gorilla/websocket v1.5.3", "nhooyr.io/websocket v1.8.17", 1)),
		change(dir, "hub.go", hub, strings.NewReplacer(
			"github.com/gorilla", "nhooyr.io",
			"h.conn.WriteMessage(websocket.TextMessage, p)", "h.conn.Write(ctx, websocket.MessageText, p)",
			"_, p, err := h.conn.ReadMessage()", "_, p, err := h.conn.Read(ctx)",
			`import "nhooyr`, "import (\n\t\"context\"\n\t\"nhooyr",
		).Replace(hub)),
		change(dir, odd, upgrade, strings.Replace(upgrade, "Upgrader", "AcceptOptions", 1)),
		change(dir, "zz_helpers.go", "", "package chat\n\nfunc closeSoon() {}\n"),
	}
	d.Changes[3].Created = true
	return d
}

func change(dir, name, old, new string) rewrite.FileChange {
	c := rewrite.FileChange{Path: filepath.Join(dir, filepath.FromSlash(name)), New: []byte(new)}
	if old != "" {
		c.Old = []byte(old)
	}
	return c
}
