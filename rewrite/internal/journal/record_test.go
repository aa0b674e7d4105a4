package journal

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestForeignRecord opens journals that this version has not written.
func TestForeignRecord(t *testing.T) {
	hash := strings.Repeat("0", 64)
	file := func(path string) string {
		return fmt.Sprintf(`{"version":1,"runs":[{"tag":"a1","state":"pending","files":[{"path":%q,"old":%q}]}]}`, path, hash)
	}
	for _, test := range []struct{ name, json, want string }{
		{"newer", `{"version":2,"runs":"whatever"}`, "newer wsmigrate (format 2, this one knows 1)"},
		{"no JSON", `{"version":1,`, "damaged"},
		{"empty", ``, "damaged"},
		{"no version", `{"runs":[]}`, "no format version"},
		{"outside", file("../x.go"), "improper path"},
		{"absolute", file("/etc/passwd"), "improper path"},
		{"git", file("sub/.git/config"), "improper path"},
		{"itself", file(".wsmigrate/lock"), "improper path"},
		{"dot", file("."), "improper path"},
		{"folder outside", `{"version":1,"runs":[{"tag":"a1","state":"undone","dirs":["../x"]}]}`, "improper path"},
		{"hash", `{"version":1,"runs":[{"tag":"a1","state":"pending","files":[{"path":"x.go","old":"../../x"}]}]}`, "improper hash"},
		{"tag", `{"version":1,"runs":[{"tag":"../a","state":"done"}]}`, "no proper tag"},
		{"null run", `{"version":1,"runs":[null]}`, "no proper tag"},
		{"state", `{"version":1,"runs":[{"tag":"a1","state":"asleep"}]}`, "unknown state"},
		{"two pending", `{"version":1,"runs":[{"tag":"a1","state":"pending"},{"tag":"a2","state":"done"}]}`, "not the newest"},
		{"lost object", `{"version":1,"runs":[{"tag":"a1","state":"pending","files":[{"path":"go.mod","old":"` + hash + `","new":"` +
			content{[]byte("module m\r\n"), true}.hash() + `"}]}]}`, "saved bytes of go.mod cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			changes := makeTree(t, root)
			old := snapshot(t, root)
			mustWrite(t, filepath.Join(root, filepath.FromSlash(journalName)), test.json)
			w := &Writer{Root: root, Env: noGit, Force: true}
			_, undo := w.Undo(context.Background())
			for _, err := range []error{undo, w.Write(context.Background(), changes)} {
				refusal(t, err, test.want)
			}
			same(t, "refused", snapshot(t, root), old)
			if b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(journalName))); err != nil || string(b) != test.json {
				t.Errorf("the journal became %q, %v", b, err)
			}
		})
	}
}

func TestDamagedObject(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	w := &Writer{Root: root, Env: noGit}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	now := snapshot(t, root)
	object := filepath.Join(root, folder, "objects", content{changes[3].Old, true}.hash())
	mustWrite(t, object, "package hijacked")
	_, err := w.Undo(context.Background())
	refusal(t, err, "saved bytes of "+filepath.FromSlash("hub/hub.go"), "damaged")
	same(t, "refused", snapshot(t, root), now)
}

// TestOrder holds what must reach the disk before what, for a loss of power.
func TestOrder(t *testing.T) {
	root := t.TempDir()
	changes := makeTree(t, root)
	var log []string
	note := func(s system) system { return &noting{s, &log} }
	w := &Writer{Root: root, Env: noGit, wrap: note}
	if err := w.Write(context.Background(), changes); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, "write", log, []string{"go.mod", "hub/deep/er/new.go", "hub/hub.go"})
	log = nil
	if _, err := w.Undo(context.Background()); err != nil {
		t.Fatal(err)
	}
	checkOrder(t, "undo", log, []string{"go.mod", "hub/gone.go", "hub/hub.go"})
}

func checkOrder(t *testing.T, what string, log, replaced []string) {
	t.Helper()
	index := func(after int, entry string) int {
		for i := after + 1; i < len(log); i++ {
			if log[i] == entry {
				return i
			}
		}
		t.Fatalf("%s: no %q after entry %d of\n%s", what, entry, after, strings.Join(log, "\n"))
		return 0
	}
	journal := index(-1, "rename "+journalName)
	safe := max(index(journal, "syncdir "+folder), index(journal, "syncdir "+objectsName), index(journal, "syncdir ."))
	last := 0
	for _, name := range replaced {
		at := index(-1, "rename "+name)
		if at < safe {
			t.Errorf("%s: %s was replaced before the journal was safe", what, name)
		}
		last = max(last, at)
	}
	commit := index(last, "rename "+journalName)
	for _, dir := range []string{".", "hub"} {
		if index(last, "syncdir "+dir) > commit {
			t.Errorf("%s: the folder %s was synced after the commit", what, dir)
		}
	}
	dirty := make(map[string]bool)
	for _, entry := range log {
		op, name, _ := strings.Cut(entry, " ")
		switch op {
		case "write":
			dirty[name] = true
		case "sync":
			delete(dirty, name)
		case "from":
			if dirty[name] {
				t.Errorf("%s: %s took its place before it was synced", what, name)
			}
		}
	}
}

// noting writes down what happens: "write", "sync", "syncdir" with a name, and
// for a rename "from" with the one name and "rename" with the other.
type noting struct {
	system
	log *[]string
}

func (n *noting) note(op, name string) { *n.log = append(*n.log, op+" "+name) }

func (n *noting) Rename(from, to string) error {
	n.note("from", from)
	n.note("rename", to)
	return n.system.Rename(from, to)
}

func (n *noting) SyncDir(name string) error {
	n.note("syncdir", name)
	return n.system.SyncDir(name)
}

func (n *noting) Create(name string, perm os.FileMode) (output, error) {
	o, err := n.system.Create(name, perm)
	return &notingOutput{o, n, name}, err
}

type notingOutput struct {
	output
	n    *noting
	name string
}

func (o *notingOutput) Write(p []byte) (int, error) {
	o.n.note("write", o.name)
	return o.output.Write(p)
}

func (o *notingOutput) Sync() error {
	o.n.note("sync", o.name)
	return o.output.Sync()
}
