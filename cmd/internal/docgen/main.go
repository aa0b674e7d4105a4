package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// A file is a generated file.
type file struct {
	path    string // relative to the root of the repository, with slashes
	content func() ([]byte, error)
}

// generated lists every generated file.
func generated() []file {
	files := []file{
		{"docs/mapping.md", mapping},
		{hazardDir + "/README.md", hazardIndex},
		{ruleDir + "/README.md", ruleIndex},
	}
	for _, a := range analyzer.Suite {
		files = append(files, file{hazardDir + "/" + a.Name + ".md", func() ([]byte, error) { return hazardPage(a) }})
	}
	for _, r := range rules.All() {
		files = append(files, file{ruleDir + "/" + r.Name + ".md", func() ([]byte, error) { return rulePage(r.Name, r.Doc), nil }})
	}
	return files
}

// Folders that hold generated files alone: what else is found there belonged
// to a rule that is gone.
const (
	hazardDir = "docs/hazards"
	ruleDir   = "docs/rules"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("docgen", flag.ContinueOnError)
	root := flags.String("C", ".", "the root `folder` of the repository")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(*root, "go.work")); err != nil {
		return fmt.Errorf("%s is not the root of the repository: name it with -C: %w", *root, err)
	}
	files, err := stale(*root, generated())
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(*root, filepath.FromSlash(f.path))
		if f.want == nil {
			if err := os.Remove(name); err != nil {
				return err
			}
			fmt.Fprintln(stdout, "removed", f.path)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.want, 0o666); err != nil {
			return err
		}
		fmt.Fprintln(stdout, "wrote", f.path)
	}
	return nil
}

// A staleFile differs on disk from what it should be.
type staleFile struct {
	path string
	want []byte // nil if it should not be there
}

// stale returns those of the files below root that are missing or differ, and
// those of the generated folders that are none of files.
func stale(root string, files []file) ([]staleFile, error) {
	var all []staleFile
	for _, f := range files {
		want, err := f.content()
		if err != nil {
			return nil, fmt.Errorf("generate %s: %w", f.path, err)
		}
		got, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(f.path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		// A checkout may have translated line endings.
		if err != nil || !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			all = append(all, staleFile{f.path, want})
		}
	}
	for _, dir := range []string{hazardDir, ruleDir} {
		entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if !slices.ContainsFunc(files, func(f file) bool { return f.path == name }) {
				all = append(all, staleFile{path: name})
			}
		}
	}
	return all, nil
}
