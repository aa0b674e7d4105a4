// Package golist asks the go command which packages there are: their files,
// imports and modules, without loading or compiling any of them.
package golist

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A Package is a package as `go list` describes it. Files are names within
// Dir; import paths are those of packages, after vendoring.
type Package struct {
	ImportPath, Name, Dir string
	DepOnly               bool // no pattern names it, something imports it
	Module                *packages.Module

	GoFiles, CgoFiles, IgnoredGoFiles []string
	TestGoFiles, XTestGoFiles         []string
	CompiledGoFiles                   []string // with Query.Compiled, absolute where they were generated

	Imports, TestImports, XTestImports []string
	ImportMap                          map[string]string // from the path in the source, where it is another

	Error *Error
}

// An Error says what is wrong with a package.
type Error struct {
	Pos string // file:line:col, or ""
	Err string
}

// Resolve returns the import path of what a file of p imports as path.
func (p *Package) Resolve(path string) string {
	if to, ok := p.ImportMap[path]; ok {
		return to
	}
	return path
}

// Files returns the names with their folder.
func (p *Package) Files(names ...[]string) []string {
	var out []string
	for _, list := range names {
		for _, name := range list {
			if !filepath.IsAbs(name) {
				name = filepath.Join(p.Dir, name)
			}
			out = append(out, name)
		}
	}
	return out
}

// fields are the fields that the go command is asked for: others cost it time.
// It looks for files to embed, and complains where there are none, only for who
// asks for them.
const fields = "EmbedFiles,ImportPath,Name,Dir,DepOnly,Module,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles,Imports,TestImports,XTestImports,ImportMap,Error"

// A Query says how the go command is to be run.
type Query struct {
	Dir   string
	Env   []string
	Flags []string // such as -tags=x
	// Overlay holds contents that stand for those of files, by absolute path.
	Overlay map[string][]byte
	// Deps asks for the dependencies too. Alone asks for nothing that the go
	// command would have to look at other packages for: imports are left out.
	// Compiled asks for CompiledGoFiles alone, for which cgo runs.
	Deps, Alone, Compiled bool
}

// List lists the packages that the patterns name. Packages with errors are
// among them; the error is the go command's own, in its words.
func (q Query) List(ctx context.Context, patterns ...string) ([]*Package, error) {
	args := []string{"list", "-e"}
	if q.Deps {
		args = append(args, "-deps")
	}
	if q.Alone {
		args = append(args, "-find")
	}
	if q.Compiled {
		args = append(args, "-compiled", "-json=ImportPath,CompiledGoFiles")
	} else {
		args = append(args, "-json="+fields)
	}
	out, err := q.run(ctx, args, patterns)
	if err != nil {
		return nil, err
	}
	var pkgs []*Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		p := new(Package)
		if err := dec.Decode(p); err == io.EOF {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

// Versions returns the versions of the modules that are selected. Of a module
// that is replaced it is the replacement's path and version.
func (q Query) Versions(ctx context.Context, modules []string) (map[string]string, error) {
	const form = "{{.Path}} {{with .Replace}}{{.Path}}@{{.Version}}{{else}}{{.Version}}{{end}}"
	out, err := q.run(ctx, []string{"list", "-m", "-f", form}, modules)
	if err != nil {
		return nil, err
	}
	versions := make(map[string]string)
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		versions[path] = version
	}
	return versions, nil
}

// run runs the go command and returns its standard output; the error carries
// its standard error.
func (q Query) run(ctx context.Context, args, patterns []string) ([]byte, error) {
	args = append(args, q.Flags...)
	if len(q.Overlay) > 0 {
		dir, err := os.MkdirTemp("", "wsmigrate-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		file, err := writeOverlay(dir, q.Overlay)
		if err != nil {
			return nil, err
		}
		args = append(args, "-overlay="+file)
	}
	args = append(args, "--")
	args = append(args, patterns...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = q.Dir
	cmd.Env = append(slices.Clone(q.Env), "PWD="+q.Dir)
	out, err := cmd.Output()
	if err == nil {
		return out, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if ee, ok := errors.AsType[*exec.ExitError](err); ok {
		if text := strings.TrimSpace(string(ee.Stderr)); text != "" {
			return nil, errors.New(text)
		}
	}
	return nil, err
}

// writeOverlay writes the contents and the file that names them below dir.
func writeOverlay(dir string, overlay map[string][]byte) (string, error) {
	replace := make(map[string]string, len(overlay))
	for path, data := range overlay {
		file := filepath.Join(dir, strconv.Itoa(len(replace))+"-"+filepath.Base(path))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return "", err
		}
		replace[path] = file
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o600)
}
