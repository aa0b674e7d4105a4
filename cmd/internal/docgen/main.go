package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A file is a generated file.
type file struct {
	path    string // relative to the root of the repository, with slashes
	content func() ([]byte, error)
}

// generated lists every generated file.
var generated = []file{
	{"docs/mapping.md", mapping},
}

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
	files, err := stale(*root, generated)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(*root, filepath.FromSlash(f.path))
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
	want []byte
}

// stale returns those of the files below root that are missing or differ.
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
	return all, nil
}
