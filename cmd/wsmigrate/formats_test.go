package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/schematest"
)

// output runs the command and returns what it writes to stdout.
func output(t *testing.T, status int, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), args, os.Environ(), nil, &out, &errs); got != status {
		t.Fatalf("%q: exit status %d, want %d: %s", args, got, status, &errs)
	}
	return out.Bytes()
}

// What the commands write about real code is valid, and tells a race by
// goroutine.
func TestSARIF(t *testing.T) {
	const app = "../../testdata/apps/dashboard"
	schema := schematest.SARIF(t)
	schema.Check(t, output(t, exitOK, "-C", "../../testdata/apps/chat", "-format", "sarif", "lint", "./..."))
	schema.Check(t, output(t, exitFound, "-C", app, "-format", "sarif", "./..."))

	data := output(t, exitFound, "-C", app, "-format", "sarif", "lint", "-confidence", "low", "./...")
	schema.Check(t, data)
	type place struct {
		Location struct {
			PhysicalLocation struct {
				ArtifactLocation struct{ URI string }
				Region           struct{ StartLine int }
			}
		}
	}
	var log struct {
		Runs []struct {
			Tool struct {
				Driver struct{ Rules []struct{ ID string } }
			}
			Results []struct {
				RuleID    string
				RuleIndex int
				CodeFlows []struct {
					ThreadFlows []struct{ Locations []place }
				}
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	races := 0
	for _, r := range log.Runs[0].Results {
		rules := log.Runs[0].Tool.Driver.Rules
		if r.RuleIndex < 0 || r.RuleIndex >= len(rules) || rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s is not rule %d", r.RuleID, r.RuleIndex)
		}
		if path.Dir(r.RuleID) != "wsconcurrent" {
			continue
		}
		races++
		if len(r.CodeFlows) != 1 || len(r.CodeFlows[0].ThreadFlows) != 2 {
			t.Fatalf("the race has other flows than one of two goroutines: %+v", r.CodeFlows)
		}
		var ends []int
		for _, f := range r.CodeFlows[0].ThreadFlows {
			last := f.Locations[len(f.Locations)-1].Location.PhysicalLocation
			if last.ArtifactLocation.URI != "dashboard.go" || len(f.Locations) < 2 {
				t.Errorf("a flow of %d steps ends in %s", len(f.Locations), last.ArtifactLocation.URI)
			}
			ends = append(ends, last.Region.StartLine)
		}
		if ends[0] != 160 || ends[1] != 149 {
			t.Errorf("the goroutines meet at lines %v, want 160 and 149", ends)
		}
	}
	if races != 1 {
		t.Errorf("%d races, want 1:\n%s", races, strings.TrimSpace(string(data)))
	}
}
