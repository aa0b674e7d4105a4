package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/systems/internal/threeway"
)

var mark = regexp.MustCompile(`// hazard: (ws[a-z]+/[a-z0-9]+)$`)

// planted returns the marks of all files of the module, as FILE:LINE RULE.
func planted(t *testing.T, module string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(module, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(module, path)
		for i, line := range strings.Split(string(data), "\n") {
			if m := mark.FindStringSubmatch(line); m != nil {
				all = append(all, fmt.Sprintf("%s:%d %s", filepath.ToSlash(rel), i+1, m[1]))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The report on all systems has the faults that were planted, and no others.
func TestPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("builds wsmigrate")
	}
	module, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	tool := threeway.BuildTool(t, filepath.Dir(filepath.Dir(module)))
	cmd := exec.Command(tool, "-C", module, "-format", "json", "lint", "./...")
	cmd.Env = append(os.Environ(), "GOWORK=off", "WSMIGRATE_CACHE=off")
	out, err := cmd.Output()
	var status *exec.ExitError
	if !errors.As(err, &status) || status.ExitCode() != 1 {
		t.Fatalf("wsmigrate lint: %v, want exit status 1\n%s", err, out)
	}
	var report struct {
		Findings []struct{ Posn, Rule, Category string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range report.Findings {
		place := f.Posn[:strings.LastIndexByte(f.Posn, ':')] // without the column
		found = append(found, place+" "+f.Rule+"/"+f.Category)
	}
	want := planted(t, module)
	slices.Sort(found)
	slices.Sort(want)
	if len(want) == 0 || !slices.Equal(found, want) {
		t.Fatalf("found\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	t.Logf("%d hazards planted, all found, and no other", len(want))
}
