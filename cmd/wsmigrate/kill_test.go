package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestKillAnywhere ends `fix -w` with SIGKILL at random moments, most of them
// while it writes. Every file must be as before or as afterwards, and the next
// start must finish the change or take it back. WSMIGRATE_KILLS says how often.
func TestKillAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	kills := 4
	if s := os.Getenv("WSMIGRATE_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("WSMIGRATE_KILLS: %v", err)
		}
		kills = n
	}
	w := newWorkshop(t, buildTool(t), manyFiles())
	args := []string{"fix", "-w", "-force", "./..."}
	old := w.files()
	journal := filepath.Join(w.dir, ".wsmigrate")
	first := filepath.Join(w.dir, "f00.go") // the first of the Go files to be replaced
	asItWas, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	start := func() (cmd *exec.Cmd, done chan error) {
		cmd = exec.Command(w.bin, args...)
		cmd.Dir, cmd.Env = w.dir, w.env
		done = make(chan error, 1)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { done <- cmd.Wait() }()
		return cmd, done
	}
	// A kill comes within a window of time after a sign on the disk, as long as
	// an undisturbed run takes from there to its end.
	signs := []func() bool{
		func() bool { return true }, // at any moment
		func() bool { _, err := os.Stat(filepath.Join(journal, "journal.json")); return err == nil },
		func() bool { fi, err := os.Stat(first); return err == nil && !os.SameFile(fi, asItWas) },
	}
	seen := func(sign func() bool, done chan error) bool {
		for !sign() {
			select {
			case err := <-done:
				done <- err
				return false
			default:
				runtime.Gosched()
			}
		}
		return true
	}
	windows := make([]time.Duration, len(signs))
	_, done := start()
	for i, sign := range signs {
		if !seen(sign, done) {
			t.Fatalf("sign %d is missing: %v", i, <-done)
		}
		windows[i] = -time.Since(asItWas.ModTime())
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := range windows {
		windows[i] += time.Since(asItWas.ModTime())
	}
	now := w.files()
	back := func(what string) {
		t.Helper()
		w.tool([]int{0}, "undo")
		sameFiles(t, what, w.files(), old)
		if err := os.RemoveAll(journal); err != nil {
			t.Fatal(err)
		}
	}
	back("undo")

	halfway := 0
	for i := range kills {
		if asItWas, err = os.Stat(first); err != nil {
			t.Fatal(err)
		}
		window := []int{2, 1, 2, 0, 2, 1}[i%6]
		cmd, done := start()
		seen(signs[window], done)
		delay := rand.N(windows[window] + 1)
		select {
		case <-time.After(delay):
		case err := <-done:
			done <- err
		}
		cmd.Process.Kill()
		<-done
		mixed := mixture(t, fmt.Sprintf("kill %d", i), w.files(), old, now)
		if mixed {
			halfway++
		}
		what := fmt.Sprintf("after kill %d", i)
		if _, err := os.Stat(journal); err == nil && rand.N(2) == 0 {
			_, all, status := w.try(w.bin, "undo")
			if status != 0 && !strings.Contains(all, "nothing to undo") {
				t.Fatalf("%s: undo: exit status %d\n%s", what, status, all)
			}
			sameFiles(t, what+" and undo", w.files(), old)
			os.RemoveAll(journal)
			continue
		}
		w.tool([]int{0}, args...)
		sameFiles(t, what+" and fix", w.files(), now)
		back(what + ", fix and undo")
	}
	t.Logf("%d kills, %d of them with some files written and others not", kills, halfway)
}

// manyFiles is a module whose conversion writes many files.
func manyFiles() fstest.MapFS {
	m := fstest.MapFS{
		"go.mod": {Data: []byte("module example.com/many\n\ngo 1.21\n\nrequire github.com/gorilla/websocket v1.5.3\n"), Mode: 0o666},
		"go.sum": {Data: []byte("github.com/gorilla/websocket v1.5.3 h1:saDtZ6Pbx/0u+bgYQ3q96pZgCzfhKXGPqt7kZ72aNNg=\n" +
			"github.com/gorilla/websocket v1.5.3/go.mod h1:YR8l580nyteQvAITg2hZ9XVh4b55+EU/adAjf1fMHhE=\n"), Mode: 0o666},
	}
	for i := range 60 {
		src := fmt.Sprintf("package many\n\nimport \"github.com/gorilla/websocket\"\n\n"+
			"func read%d(c *websocket.Conn) {\n\tdefer c.Close()\n\tc.SetReadLimit(512)\n\tc.ReadMessage()\n}\n", i)
		m[fmt.Sprintf("f%02d.go", i)] = &fstest.MapFile{Data: []byte(src), Mode: 0o644}
	}
	return m
}

// mixture fails the test for a file that is neither old nor new, and for a
// stray one that a build would pick up. It reports whether there are both old
// and new ones.
func mixture(t *testing.T, what string, got, old, now map[string]string) bool {
	t.Helper()
	olds, news := 0, 0
	for name, text := range got {
		before, wasThere := old[name]
		after, willBe := now[name]
		switch {
		case wasThere && text == before && willBe && text == after:
		case wasThere && text == before:
			olds++
		case willBe && text == after:
			news++
		case wasThere || willBe:
			t.Fatalf("%s: %s is neither old nor new:\n%s", what, name, text)
		case strings.HasSuffix(name, ".go"):
			t.Fatalf("%s: %s is left behind", what, name)
		}
	}
	for name := range old {
		if _, ok := got[name]; !ok {
			t.Fatalf("%s: %s is gone", what, name)
		}
	}
	return olds > 0 && news > 0
}

func sameFiles(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if got[name] != want[name] {
			t.Fatalf("%s: %s is\n%s\nwant\n%s", what, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Fatalf("%s: %s is left behind", what, name)
		}
	}
}
