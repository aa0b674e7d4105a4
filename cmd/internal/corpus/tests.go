package main

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// A testEvent is a line that go test -json prints.
type testEvent struct{ Action, Package, Test string }

// A verdict is what go test said of some packages. Tests are named "package
// test"; subtests are left out.
type verdict struct {
	passed []string
	ended  map[string]bool // tests that ran to an end, passed or not
	failed []string        // packages
}

func readVerdict(output string) *verdict {
	v := &verdict{ended: make(map[string]bool)}
	for line := range strings.Lines(output) {
		var e testEvent
		if json.Unmarshal([]byte(line), &e) != nil || strings.Contains(e.Test, "/") || !slices.Contains([]string{"pass", "fail", "skip"}, e.Action) {
			continue
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Test != "":
			v.ended[name] = true
			if e.Action == "pass" {
				v.passed = append(v.passed, name)
			}
		case e.Action == "fail":
			v.failed = append(v.failed, e.Package)
		}
	}
	return v
}

// test runs the tests of the chosen packages and returns those that pass.
func (t *tree) test() ([]string, error) {
	v, err := t.goTest(t.packages)
	if err != nil {
		return nil, err
	}
	for _, pkg := range v.failed {
		tests, err := t.listTests(pkg)
		if err != nil {
			return nil, err
		}
		if err := t.finish(v, pkg, tests); err != nil {
			return nil, err
		}
	}
	slices.Sort(v.passed)
	return v.passed, nil
}

// finish runs the tests that did not run to an end, as long as some of them
// do: one that panics or hangs takes those with it that would have run next.
func (t *tree) finish(v *verdict, pkg string, tests []string, flags ...string) error {
	for {
		var rest []string
		for _, test := range tests {
			if !v.ended[pkg+" "+test] {
				rest = append(rest, test)
			}
		}
		if len(rest) == 0 {
			return nil
		}
		more, err := t.goTest([]string{pkg}, append(flags, "-run", exactly(rest))...)
		if err != nil || len(more.ended) == 0 {
			return err
		}
		v.passed = append(v.passed, more.passed...)
		maps.Copy(v.ended, more.ended)
	}
}

// listTests returns the names of a package's tests.
func (t *tree) listTests(pkg string) ([]string, error) {
	stdout, _, _, err := t.run("go", "test", "-vet=off", "-list", "^Test", pkg)
	if err != nil {
		return nil, err
	}
	var tests []string
	for line := range strings.Lines(stdout) {
		if name := strings.TrimSpace(line); strings.HasPrefix(name, "Test") {
			tests = append(tests, name)
		}
	}
	return tests, nil
}

// goTest runs tests. What vet says of them is not the matter here.
func (t *tree) goTest(packages []string, flags ...string) (*verdict, error) {
	// The go command ends the tests of a package after the timeout, so that
	// one that hangs leaves the others their time.
	limit := t.timeout + t.testTimeout*time.Duration(len(packages))
	stdout, _, _, err := t.runFor(limit, "go", slices.Concat([]string{"test", "-json", "-vet=off", "-timeout", t.testTimeout.String()}, flags, packages)...)
	if err != nil {
		return nil, err
	}
	return readVerdict(stdout), nil
}

// exactly returns the pattern that go test -run wants for these tests.
func exactly(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}

// retries is how often a test that failed runs again.
const retries = 3

// again runs the named tests anew, without those that passed elsewhere, and
// returns those that pass in one of some runs.
func (t *tree) again(names []string) ([]string, error) {
	var passed []string
	left := names
	for range retries {
		tests := make(map[string][]string)
		for _, name := range left {
			pkg, test, _ := strings.Cut(name, " ")
			tests[pkg] = append(tests[pkg], test)
		}
		for pkg, tests := range tests {
			v := &verdict{ended: make(map[string]bool)}
			if err := t.finish(v, pkg, tests, "-count=1"); err != nil {
				return nil, err
			}
			passed = append(passed, v.passed...)
		}
		left = without(names, passed)
	}
	return passed, nil
}

// compareTests sorts the tests that passed in the original and are not among
// those that pass now: one that passes when it runs again, or that does not
// pass again in the original either, is flaky and says nothing.
func compareTests(original, t *tree, before, now []string) (failed, flaky []string, err error) {
	suspects := without(before, now)
	passed, err := t.again(suspects)
	if err != nil {
		return nil, nil, err
	}
	failed, err = original.again(without(suspects, passed))
	if err != nil {
		return nil, nil, err
	}
	slices.Sort(failed)
	return failed, without(suspects, failed), nil
}

// without returns the names that are not among the others.
func without(names, others []string) []string {
	var left []string
	for _, name := range names {
		if !slices.Contains(others, name) {
			left = append(left, name)
		}
	}
	return left
}
