package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected outputs in testdata/script")

// The test binary is the command too: scripts run it as wsmigrate, and hand
// it to go vet and go fix as $WSMIGRATE.
func TestMain(m *testing.M) {
	if os.Getenv(cacheVariable) == "" { // scripts that are about it set it
		_ = os.Setenv(cacheVariable, "off")
	}
	testscript.Main(m, map[string]func(){"wsmigrate": main})
}

// TestScripts runs the archives of testdata/script. Besides the usual
// commands they have
//
//	status N command args…
//
// which runs a command and fails unless it ends with that exit status, and
// the variables APPS and COMPAT, the folders of the bundled applications and
// of the drop-in package.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	caches := strings.Fields(string(out))
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"status": status},
		Setup: func(env *testscript.Env) error {
			bin, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			exe := "wsmigrate"
			if runtime.GOOS == "windows" {
				exe += ".exe"
			}
			env.Vars = append(env.Vars,
				"WSMIGRATE="+filepath.Join(bin, exe),
				"APPS="+filepath.Join(root, "testdata", "apps"),
				"COMPAT="+filepath.Join(root, "compat"),
				// The modules that scripts need are those of the root go.mod,
				// so that they are in the module cache.
				"GOCACHE="+caches[0], "GOMODCACHE="+caches[1],
				"GOPROXY=off", "GOSUMDB=off", "GOWORK=off", "GOFLAGS=", "GOTOOLCHAIN=local",
				"GIT_CONFIG_GLOBAL="+os.DevNull,
			)
			return nil
		},
	})
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command args…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}
