//go:build unix

package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A run that is told to end takes the go command with it, which would go on
// compiling.
func TestTerminated(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	dir := t.TempDir()
	said, wait := filepath.Join(dir, "said"), filepath.Join(dir, "wait")
	for _, fifo := range []string{said, wait} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	bin, mod := filepath.Join(dir, "bin"), filepath.Join(dir, "mod")
	files := map[string]string{
		filepath.Join(bin, "go"):     "#!/bin/sh\nexec 3>" + said + "\necho started >&3\nread line <" + wait + "\necho left behind >&3\n",
		filepath.Join(mod, "go.mod"): "module m\n\ngo 1.21\n",
		filepath.Join(mod, "m.go"):   "package m\n",
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	var errs bytes.Buffer
	cmd := exec.Command(buildTool(t), "-q", "./...")
	cmd.Dir, cmd.Stderr = mod, &errs
	cmd.Env = append(os.Environ(), "GOWORK=off", "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out, err := os.Open(said) // waits for the go command
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := io.ReadFull(out, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitUsage || !strings.HasPrefix(errs.String(), "wsmigrate: interrupted") {
		t.Errorf("%v, stderr %q", err, errs.String())
	}
	// Whoever still waits there goes on.
	if w, err := os.OpenFile(wait, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
		w.Close()
	}
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("the go command said %q afterwards (%v)", rest, err)
	}
}
