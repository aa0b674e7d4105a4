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

// test runs the tests of the chosen packages and returns those that pass, as
// "package test". What vet says of them is not the matter here.
func (t *tree) test() ([]string, error) {
	return t.goTest(t.packages)
}

func (t *tree) goTest(packages []string, flags ...string) ([]string, error) {
	// The go command ends the tests of a package after the timeout, so that
	// one that hangs leaves the others their time.
	limit := t.timeout * time.Duration(len(packages)+1)
	stdout, _, _, err := t.runFor(limit, "go", slices.Concat([]string{"test", "-json", "-vet=off", "-timeout", t.timeout.String()}, flags, packages)...)
	if err != nil {
		return nil, err
	}
	return passes(stdout), nil
}

// passes returns the tests, without subtests, that passed.
func passes(output string) []string {
	var names []string
	for line := range strings.Lines(output) {
		var e testEvent
		if json.Unmarshal([]byte(line), &e) != nil || e.Action != "pass" || e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		names = append(names, e.Package+" "+e.Test)
	}
	slices.Sort(names)
	return names
}

// retries is how often a test that failed runs again, alone.
const retries = 3

// passesAgain reports whether the test passes in one of some further runs.
func (t *tree) passesAgain(name string) (bool, error) {
	pkg, test, _ := strings.Cut(name, " ")
	for range retries {
		passed, err := t.goTest([]string{pkg}, "-count=1", "-run", "^"+regexp.QuoteMeta(test)+"$")
		if err != nil || slices.Contains(passed, name) {
			return err == nil, err
		}
	}
	return false, nil
}

// compareTests sorts the tests that passed in the original and are not among
// those that pass now: one that passes when it runs again, or that does not
// pass again in the original either, is flaky and says nothing.
func compareTests(original, t *tree, before, now []string) (failed, flaky []string, err error) {
	for _, name := range before {
		if slices.Contains(now, name) {
			continue
		}
		ok, err := t.passesAgain(name)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			again, err := original.passesAgain(name)
			if err != nil {
				return nil, nil, err
			}
			ok = !again
		}
		if ok {
			flaky = append(flaky, name)
		} else {
			failed = append(failed, name)
		}
	}
	return failed, flaky, nil
}
