package load

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/go/packages"
)

// A fileState is what a file was like when it was read.
type fileState struct {
	sum   [sha256.Size]byte // of its contents
	size  int64
	mode  fs.FileMode
	mtime time.Time
}

// readState reads the file at path. The contents are nil if it cannot.
func readState(path string) (fileState, []byte) {
	// Asked first: a file that changes while it is read is newer than this.
	info, err := os.Stat(path)
	if err != nil {
		return fileState{}, nil
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return fileState{}, nil
	}
	return fileState{sha256.Sum256(src), info.Size(), info.Mode(), info.ModTime()}, src
}

// is reports whether the file at path is still the same.
func (s fileState) is(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return s == fileState{}
	}
	return info.Size() == s.size && info.Mode() == s.mode && info.ModTime().Equal(s.mtime)
}

// A Digest stands for everything that loading a tree depends on.
type Digest struct {
	sum    [sha256.Size]byte
	states map[string]fileState
}

// Sum returns a hash that is equal for equal trees alone.
func (d *Digest) Sum() [sha256.Size]byte { return d.sum }

// Fresh reports whether the files are still those that the digest is made of.
func (d *Digest) Fresh() bool {
	for path, s := range d.states {
		if !s.is(path) {
			return false
		}
	}
	return true
}

// Digest returns the digest of a tree that was listed: the configuration, the
// go command and its environment, what it lists, and the contents of all files
// but those of released modules and of the standard library, which versions
// stand for.
func (t *Tree) Digest() *Digest {
	d := &Digest{states: make(map[string]fileState)}
	h := sha256.New()
	note(h, "config", t.Config.Dir, t.Config.Patterns, t.Config.Tags, t.Modules, t.Work, t.gocmd, environment(t.Env))
	for _, f := range t.files {
		d.states[f.path] = f.state
	}
	for _, p := range t.listed {
		note(h, "package", p)
		if t.released(p.Dir) {
			continue
		}
		files := p.Files(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles)
		if len(p.CgoFiles) > 0 {
			files = append(files, regularFiles(p.Dir)...) // C sources and headers
		}
		d.read(files...)
	}
	if t.Work != "" {
		d.read(t.Work, strings.TrimSuffix(t.Work, ".work")+".work.sum")
	}
	for _, m := range t.Modules {
		d.read(m.GoMod, strings.TrimSuffix(m.GoMod, ".mod")+".sum", filepath.Join(m.Dir, "vendor", "modules.txt"))
	}
	paths := make([]string, 0, len(d.states))
	for path := range d.states {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		s := d.states[path]
		note(h, "file", path, hex.EncodeToString(s.sum[:]), s.mode)
	}
	h.Sum(d.sum[:0])
	return d
}

// read adds files. One that is not there is part of the digest as well.
func (d *Digest) read(paths ...string) {
	for _, path := range paths {
		if _, known := d.states[path]; !known {
			d.states[path], _ = readState(path)
		}
	}
}

// note adds values to the hash, told apart from those before and behind them.
func note(h hash.Hash, values ...any) {
	_ = json.NewEncoder(h).Encode(values)
}

// environment returns the variables that the go command or cgo may heed.
func environment(env []string) []string {
	last := make(map[string]string)
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		if strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") || name == "PATH" || name == "CC" || name == "CXX" || strings.HasPrefix(name, "PKG_CONFIG") {
			last[name] = value
		}
	}
	var out []string
	for name, value := range last {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// released reports whether nobody edits the files of a folder: it belongs to
// the module cache or to the standard library.
func (t *Tree) released(dir string) bool {
	for _, root := range []string{t.gocmd.GOMODCACHE, t.gocmd.GOROOT} {
		if root == "" || dir == "" {
			continue
		}
		if rel, err := filepath.Rel(root, dir); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return dir == ""
}

func regularFiles(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// Settled reports whether what was loaded depends on nothing but what the
// digest of the tree is made of. What the go command could not list in one of
// the other configurations may be had the next time.
func (t *Tree) Settled() bool {
	if len(t.Unseen) > 0 {
		return false
	}
	for _, v := range t.Views {
		if v.universe == nil {
			return false
		}
		for _, p := range v.Packages {
			if slices.ContainsFunc(p.Errors, func(e packages.Error) bool { return e.Kind == packages.ListError }) {
				return false
			}
			for _, imp := range p.Imports {
				if slices.ContainsFunc(imp.Errors, func(e packages.Error) bool { return e.Kind == packages.ListError }) {
					return false
				}
			}
		}
	}
	return true
}
