package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// zip writes the archive of a module as module proxies serve it: what a commit
// holds in a folder.
func (r *repository) zip(w io.Writer, v module.Version, dir, commit string) error {
	if dir == "." {
		dir = ""
	}
	return zip.CreateFromVCS(w, v, r.dir, commit, dir)
}

// goMod returns the go.mod of a folder in a commit.
func (r *repository) goMod(dir, commit string) (string, error) {
	cmd := exec.Command("git", "show", commit+":"+path.Join(dir, "go.mod"))
	cmd.Dir = r.dir
	return output(cmd)
}

// sums returns the checksums of a module and of its go.mod, as go.sum has
// them.
func (r *repository) sums(v module.Version, dir, commit string) (sum, modSum string, err error) {
	f, err := os.CreateTemp("", "wsmigrate-*.zip")
	if err != nil {
		return "", "", err
	}
	defer os.Remove(f.Name())
	err = r.zip(f, v, dir, commit)
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return "", "", fmt.Errorf("make the archive of %s: %w", v, err)
	}
	if sum, err = dirhash.HashZip(f.Name(), dirhash.Hash1); err != nil {
		return "", "", err
	}
	mod, err := r.goMod(dir, commit)
	if err != nil {
		return "", "", err
	}
	modSum, err = dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(mod)), nil
	})
	return sum, modSum, err
}
