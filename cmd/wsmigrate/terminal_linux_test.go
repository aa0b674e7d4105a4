package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

// onTerminal calls f with a terminal of the given width and returns what f
// wrote to it.
func onTerminal(t *testing.T, width int, f func(tty *os.File)) string {
	t.Helper()
	return conversation(t, width, f)
}

// conversation is onTerminal where somebody types: each time that f asks, with
// "] " at the end, the next of the answers.
func conversation(t *testing.T, width int, f func(tty *os.File), answers ...string) string {
	t.Helper()
	ptm, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	defer ptm.Close()
	if err := unix.IoctlSetPointerInt(int(ptm.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("unlock the pseudo-terminal: %v", err)
	}
	n, err := unix.IoctlGetInt(int(ptm.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skipf("name the pseudo-terminal: %v", err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("open the pseudo-terminal: %v", err)
	}
	defer tty.Close()
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(width)}); err != nil {
		t.Fatal(err)
	}
	got := make(chan string)
	go func() {
		var b bytes.Buffer
		buf := make([]byte, 4096)
		for {
			n, err := ptm.Read(buf) // ends with EIO once the terminal is closed
			b.Write(buf[:n])
			if err != nil {
				got <- b.String()
				return
			}
			if len(answers) > 0 && bytes.HasSuffix(b.Bytes(), []byte("] ")) {
				io.WriteString(ptm, answers[0])
				answers = answers[1:]
			}
		}
	}()
	f(tty)
	tty.Close()
	return strings.ReplaceAll(<-got, "\r\n", "\n")
}

// The terminal shows what is typed, so fix -i does not; Ctrl-D at the start of
// a line leaves the rest.
func TestInteractiveOnTerminal(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../testdata/apps/dashboard")); err != nil {
		t.Fatal(err)
	}
	got := conversation(t, 100, func(tty *os.File) {
		var diff bytes.Buffer
		args := []string{"-C", dir, "fix", "-i"}
		if got := run(context.Background(), args, append(os.Environ(), "GOWORK=off", "NO_COLOR=1", "TERM=xterm"), tty, &diff, tty); got != exitFound {
			t.Errorf("exit status %d, want %d", got, exitFound)
		}
		if !strings.Contains(diff.String(), "+++ b/dashboard.go") || strings.Contains(diff.String(), "dashboard_test.go") {
			t.Errorf("diff of one cluster:\n%s", diff.String())
		}
	}, "y\n", "\x04")
	for _, want := range []string{
		"\nconvert it to nhooyr.io/websocket? [y,n,e,d,a,q,?] y\n\n(2/2) cluster 2, dashboard (client)",
		"\nconvert it to nhooyr.io/websocket? [y,n,e,d,a,q,?] \n",
		"left as it was: cluster 2, dashboard (client); -only 1 chooses the same again\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the terminal lacks %q:\n%s", want, got)
		}
	}
}

func TestTableOnTerminal(t *testing.T) {
	const width = 110
	table := func(env ...string) string {
		return onTerminal(t, width, func(tty *os.File) {
			if got := run(context.Background(), []string{"table", "Conn"}, env, nil, tty, io.Discard); got != exitOK {
				t.Errorf("exit status %d", got)
			}
		})
	}
	colored := table("TERM=xterm")
	if !strings.Contains(colored, "\x1b[") {
		t.Errorf("no colour on a terminal:\n%s", colored)
	}
	for _, env := range []string{"NO_COLOR=1", "TERM=dumb"} {
		plain := table(env)
		if strings.Contains(plain, "\x1b[") {
			t.Errorf("colour with %s", env)
		}
		lines := strings.Split(strings.TrimSuffix(plain, "\n"), "\n")
		if !strings.HasPrefix(lines[0], "gorilla ") || !strings.Contains(lines[0], "verdict") {
			t.Errorf("no heading but %q", lines[0])
		}
		col := strings.Index(lines[0], "nhooyr")
		for _, l := range lines {
			if n := utf8.RuneCountInString(l); n > width {
				t.Errorf("%d columns: %s", n, l)
			}
			if len(l) <= col || l[col-1] != ' ' || l[col] == ' ' {
				t.Errorf("second column is not at %d: %s", col, l)
			}
		}
	}
}

// A race has its goroutines side by side on a terminal that has room, and
// nowhere else.
func TestRaceOnTerminal(t *testing.T) {
	const width = 120
	file := filepath.Join(t.TempDir(), "out.txt")
	lint := func(args ...string) string {
		args = append([]string{"-q", "-C", "../../testdata/apps/dashboard", "lint", "-rules", "wsconcurrent"}, args...)
		return onTerminal(t, width, func(tty *os.File) {
			if got := run(context.Background(), args, append(os.Environ(), "NO_COLOR=1", "TERM=xterm"), nil, tty, io.Discard); got != exitFound {
				t.Errorf("exit status %d", got)
			}
		})
	}
	shown := lint()
	beside := regexp.MustCompile(`(?m)^  A  the goroutine of a request .* \| B  the goroutine of dashboard\.run started at main\.go:40$`)
	if !beside.MatchString(shown) || strings.Contains(shown, "\x1b[") {
		t.Errorf("not side by side, or in colour:\n%s", shown)
	}
	lines := strings.Split(shown, "\n")
	for _, l := range lines[1:] { // a terminal folds the message
		if n := utf8.RuneCountInString(l); n > width {
			t.Errorf("%d columns: %s", n, l)
		}
	}
	if got := lint("-o", file); got != "" {
		t.Errorf("with -o the terminal shows %s", got)
	}
	if data, err := os.ReadFile(file); err != nil || strings.Contains(string(data), "| B  ") || !strings.Contains(string(data), "dashboard.go:149:16: WriteJSON") {
		t.Errorf("the file of -o is %v\n%s", err, data)
	}
}

// A run that takes long shows progress on a terminal and leaves nothing of it.
func TestProgressOnTerminal(t *testing.T) {
	onTerminal(t, 80, func(tty *os.File) {
		if !term.IsTerminal(tty) {
			t.Error("not a terminal")
		}
		if got := term.Width(tty, 0); got != 80 {
			t.Errorf("width %d", got)
		}
		shown := term.NewProgress(tty, true)
		hidden := term.NewProgress(tty, false)
		if fmt.Sprintf("%T", shown) == fmt.Sprintf("%T", hidden) {
			t.Errorf("with and without progress: both %T", shown)
		}
		shown.Close()
	})
}
