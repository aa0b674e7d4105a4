package main

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCommandLine(t *testing.T) {
	for _, test := range []struct {
		name   string
		args   []string
		status int
		err    string // a part of the error
		stderr string // a part of what is said
	}{
		{"help", []string{"-help"}, statusOK, "", "ENGINE/ROLE/LIBRARY/ROUTE"},
		{"unknown flag", []string{"-nonsense"}, statusMissing, "", "-nonsense"},
		{"argument", []string{"ws"}, statusMissing, `unexpected argument "ws"`, ""},
		{"bad pattern", []string{"-run", "("}, statusMissing, "parse -run", ""},
		{"no cell", []string{"-run", "lynx"}, statusMissing, `no cell matches "lynx"`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr strings.Builder
			status, err := interop(t.Context(), test.args, &stdout, &stderr)
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if err == nil && test.err != "" || err != nil && (test.err == "" || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("stderr has no %q:\n%s", test.stderr, stderr.String())
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout: %s", stdout.String())
			}
		})
	}
}

func TestProvideNamesWhatIsMissing(t *testing.T) {
	needs := []*requirement{
		{"There", []string{"there"}, ask(`go(1[\d.]+)`, "go", "version")},
		{"Absent", []string{"absent-light"}, ask(`([\d.]+)`, "no-such-program-for-interop", "-v")},
		npmPackages,
	}
	err := provide(t.Context(), needs, t.TempDir(), false, t.Logf)
	if err == nil {
		t.Fatal("nothing is missing")
	}
	for _, want := range []string{"-install", "Absent (Debian package absent-light)", "npm packages (npm): ", "is not installed"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in: %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "There") {
		t.Errorf("what is there is missing: %v", err)
	}
}
