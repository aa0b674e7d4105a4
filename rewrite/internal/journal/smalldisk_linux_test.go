package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tmpfsDir names the variable that makes the test binary mount a small tmpfs
// on a folder, in a namespace of its own, and write there.
const tmpfsDir = "JOURNAL_TEST_TMPFS"

func TestSmallDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), tmpfsDir+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("no namespaces: %v", err)
	case err != nil && exit.ExitCode() == 3:
		t.Skipf("%s", out)
	case err != nil:
		t.Fatalf("%v: %s", err, out)
	}
}

func onSmallDisk(dir string) int {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		fmt.Println("mounting is not allowed:", err)
		return 3
	}
	fail := func(args ...any) int { fmt.Println(args...); return 1 }
	var changes []Change
	for i := range 3 {
		c := Change{
			Path: filepath.Join(dir, fmt.Sprintf("f%d.go", i)),
			Old:  bytes.Repeat([]byte{'o'}, 1000),
			New:  bytes.Repeat([]byte{'n'}, 40_000), // two of three fit
		}
		if err := os.WriteFile(c.Path, c.Old, 0o666); err != nil {
			return fail(err)
		}
		changes = append(changes, c)
	}
	err := (&Writer{Root: dir, Env: noGit}).Write(context.Background(), changes)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "f2.go") {
		return fail("got the error", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		return fail("left behind:", entries, err)
	}
	for _, c := range changes {
		if b, err := os.ReadFile(c.Path); err != nil || !bytes.Equal(b, c.Old) {
			return fail(c.Path, "was changed", err)
		}
	}
	if err := (&Writer{Root: dir, Env: noGit}).Write(context.Background(), changes[:2]); err != nil {
		return fail("write what fits:", err)
	}
	if _, err := (&Writer{Root: dir, Env: noGit}).Undo(context.Background()); err != nil {
		return fail("undo:", err)
	}
	return 0
}
