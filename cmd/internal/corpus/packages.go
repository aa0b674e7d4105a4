package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A listed is a package as go list -deps -test names it: a variant that is
// compiled for tests has the tested package behind its path, in brackets.
type listed struct {
	path    string
	tested  string   // for a variant: the package whose tests it is compiled for
	own     bool     // of a module that is being worked on
	named   bool     // by the pattern, not only as a dependency
	imports []string // as paths of listed packages
}

const listedForm = `{{.ImportPath}}	{{.ForTest}}	{{with .Module}}{{.Main}}{{else}}false{{end}}	{{not .DepOnly}}	{{join .Imports ","}}`

// choose returns the packages of the module that are compiled and tested, as
// which says: "using", those that import a library that the code is moved
// off, in their tests perhaps; "reached", those whose tests contain one of
// them, which are all that a change can break; "all". It is everything as well
// where go list knows none.
func (t *tree) choose(which string) ([]string, error) {
	if which == "all" {
		return []string{"./..."}, nil
	}
	stdout, _, _, err := t.run("go", "list", "-e", "-deps", "-test", "-f", listedForm, "./...")
	if err != nil {
		return nil, err
	}
	list, err := readListed(stdout)
	if err != nil {
		return nil, err
	}
	if found := reached(list, which == "using"); len(found) > 0 {
		return found, nil
	}
	return []string{"./..."}, nil
}

func readListed(output string) ([]listed, error) {
	var list []listed
	for line := range strings.Lines(output) {
		cells := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(cells) != 5 {
			return nil, fmt.Errorf("read the output of go list: %q", line)
		}
		p := listed{path: cells[0], tested: cells[1], own: cells[2] == "true", named: cells[3] == "true"}
		if cells[4] != "" {
			p.imports = strings.Split(cells[4], ",")
		}
		list = append(list, p)
	}
	return list, nil
}

// reached returns the named packages that use a source, or whose tests do;
// unless direct is set, those too that contain one of them. The list has
// dependencies before what imports them, as go list prints it.
func reached(list []listed, direct bool) []string {
	sources := []string{wsapi.GorillaPath, wsapi.CompatPath, wsapi.TargetNhooyr.Path}
	var found []string
	in := make(map[string]bool, len(list))
	for _, p := range list {
		for _, path := range p.imports {
			if in[path] && !direct || p.own && slices.Contains(sources, path) {
				in[p.path] = true
			}
		}
		if !in[p.path] || !p.named {
			continue
		}
		// The program that runs the tests of p is listed as p.test.
		name := p.path
		if tests, ok := strings.CutSuffix(p.path, ".test"); ok && slices.Contains(p.imports, "testing/internal/testdeps") {
			name = tests
		} else if p.tested != "" {
			name = p.tested
		}
		if !slices.Contains(found, name) {
			found = append(found, name)
		}
	}
	return found
}
