package main

import (
	"encoding/json"
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
	passed  []string
	started map[string]int // how often each test was started
	failed  []string       // packages
}

func readVerdict(output string) *verdict {
	v := &verdict{started: make(map[string]int)}
	for line := range strings.Lines(output) {
		var e testEvent
		if json.Unmarshal([]byte(line), &e) != nil || strings.Contains(e.Test, "/") {
			continue
		}
		name := e.Package + " " + e.Test
		switch {
		case e.Test == "" && e.Action == "fail":
			v.failed = append(v.failed, e.Package)
		case e.Test == "":
		case e.Action == "run":
			v.started[name]++
		case e.Action == "pass":
			v.passed = append(v.passed, name)
		}
	}
	return v
}

// add takes over what a further run said of tests.
func (v *verdict) add(more *verdict) {
	v.passed = append(v.passed, more.passed...)
	for name, n := range more.started {
		v.started[name] += n
	}
}

// retries is how often tests run again: those that failed, and those that one
// before them, by a panic or by hanging, kept from being started.
const retries = 3

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
		for range retries {
			tests = slices.DeleteFunc(tests, func(test string) bool { return v.started[pkg+" "+test] > 0 })
			if len(tests) == 0 {
				break
			}
			more, err := t.goTest([]string{pkg}, "-run", exactly(tests))
			if err != nil {
				return nil, err
			}
			v.add(more)
		}
	}
	slices.Sort(v.passed)
	return v.passed, nil
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

// again runs the named tests until they pass or have failed some times, and
// returns those that pass.
func (t *tree) again(names []string) ([]string, error) {
	v := &verdict{started: make(map[string]int)}
	for {
		tests := make(map[string][]string)
		for _, name := range without(names, v.passed) {
			if v.started[name] < retries {
				pkg, test, _ := strings.Cut(name, " ")
				tests[pkg] = append(tests[pkg], test)
			}
		}
		if len(tests) == 0 {
			return v.passed, nil
		}
		for pkg, tests := range tests {
			more, err := t.goTest([]string{pkg}, "-count=1", "-run", exactly(tests))
			if err != nil {
				return nil, err
			}
			v.add(more)
			if len(more.started) == 0 { // it does not compile
				for _, test := range tests {
					v.started[pkg+" "+test] = retries
				}
			}
		}
	}
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
