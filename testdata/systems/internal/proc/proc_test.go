package proc

import (
	"fmt"
	"os/exec"
	"testing"
)

// recorder is a test that says what became of it.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}
func (r *recorder) Skipf(format string, args ...any) {
	r.said = "skip: " + fmt.Sprintf(format, args...)
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.said = "fail: " + fmt.Sprintf(format, args...)
}

// A program that is missing skips a test with the line that installs it, and
// fails it where all are required.
func TestNeed(t *testing.T) {
	const says = "no-such-server is not here: apt-get install --no-install-recommends its-package"
	for require, want := range map[string]string{"": "skip: " + says, "1": "fail: " + says} {
		t.Setenv("WSMIGRATE_REQUIRE_ALL", require)
		r := &recorder{TB: t}
		if Need(r, "no-such-server", "its-package"); r.said != want {
			t.Errorf("WSMIGRATE_REQUIRE_ALL=%s: %q, want %q", require, r.said, want)
		}
		r = &recorder{TB: t}
		if Need(r, "sh", "dash") == "" || r.said != "" {
			t.Errorf("a program that is there: %q", r.said)
		}
	}
}

// What a program says is waited for line by line, and its end is no line.
func TestAwait(t *testing.T) {
	p := Start(t, exec.Command("sh", "-c", "echo one 1; echo two; echo one 2; printf 'one 3'; exit 3"))
	if got := p.AwaitNth("one ", 2); got != "2" {
		t.Errorf("the second line says %q", got)
	}
	if status := p.Wait(); status != 3 {
		t.Errorf("exit status %d", status)
	}
	if _, ok := p.said.await("one ", 3); ok {
		t.Error("half a line counts as one")
	}
}
