package measure

import (
	"bufio"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// Tree writes a commit of a repository out to the folder tree, unless that is
// there already.
func (o *Options) Tree(repo, commit, tree string) error {
	if _, err := os.Stat(tree); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	part := tree + ".part" // so that a tree is whole or not there
	if err := os.RemoveAll(part); err != nil {
		return err
	}
	if err := checkOut(filepath.Join(o.Clones, filepath.FromSlash(repo)), commit, part); err != nil {
		return fmt.Errorf("check out %s %s: %w", repo, commit, err)
	}
	return os.Rename(part, tree)
}

// Modules makes sure that there is a go.mod, and that it names what is needed.
func (o *Options) Modules(dir, repo string) error {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		// What such trees vendor belongs to a GOPATH and has no versions.
		for _, old := range []string{"vendor", "Godeps"} {
			if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
				return err
			}
		}
		if _, stderr, err := o.Command(dir, "go", "mod", "init", modulePath(dir, repo)); err != nil {
			return fmt.Errorf("make go.mod: %s", LastLine(stderr))
		}
		if _, stderr, err := o.Command(dir, "go", "mod", "tidy", "-e"); err != nil {
			return fmt.Errorf("find the modules: %s", LastLine(stderr))
		}
	}
	return nil
}

// modulePath guesses the import path of a tree without a go.mod from what its
// packages import from each other: repositories move, and the code keeps the
// old name.
func modulePath(dir, repo string) string {
	base := path.Base(repo)
	folders := make(map[string]bool) // with Go files
	var imports []string
	filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		if rel, err := filepath.Rel(dir, filepath.Dir(name)); err == nil {
			folders[filepath.ToSlash(rel)] = true
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return nil
		}
		for _, spec := range file.Imports {
			if p, err := strconv.Unquote(spec.Path.Value); err == nil {
				imports = append(imports, p)
			}
		}
		return nil
	})
	best, counts := "github.com/"+repo, make(map[string]int)
	for _, p := range imports {
		for prefix := path.Dir(p); prefix != "."; prefix = path.Dir(prefix) {
			if path.Base(prefix) != base || !folders[strings.TrimPrefix(p, prefix+"/")] {
				continue
			}
			if counts[prefix]++; counts[prefix] > counts[best] {
				best = prefix
			}
		}
	}
	return best
}

// checkOut writes the files of a commit below dir. It asks git for one after
// the other instead of making a work tree: clones may lack some, and the
// repository stays as it is. Symbolic links are left out.
func checkOut(repo, commit, dir string) error {
	list, err := exec.Command("git", "-C", repo, "ls-tree", "-r", "-z", "--full-tree", commit).Output()
	if err != nil {
		return gitError(err)
	}
	batch := exec.Command("git", "-C", repo, "cat-file", "--batch")
	in, err := batch.StdinPipe()
	if err != nil {
		return err
	}
	pipe, err := batch.StdoutPipe()
	if err != nil {
		return err
	}
	if err := batch.Start(); err != nil {
		return err
	}
	out := bufio.NewReader(pipe)
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
		meta, name, _ := strings.Cut(entry, "\t")
		fields := strings.Fields(meta) // mode, type, hash
		if len(fields) != 3 || fields[1] != "blob" || fields[0] == "120000" {
			continue
		}
		if err := writeBlob(in, out, fields[2], filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			in.Close()
			batch.Wait()
			return err
		}
	}
	in.Close()
	return batch.Wait()
}

// writeBlob asks git cat-file for a blob and writes it to a file; a blob that
// the clone lacks is none.
func writeBlob(in io.Writer, out *bufio.Reader, hash, name string) error {
	if _, err := io.WriteString(in, hash+"\n"); err != nil {
		return err
	}
	head, err := out.ReadString('\n')
	if err != nil {
		return err
	}
	fields := strings.Fields(head) // hash, type, size; or hash, "missing"
	if len(fields) != 3 {
		return nil
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return err
	}
	data := make([]byte, size+1) // and a newline
	if _, err := io.ReadFull(out, data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return os.WriteFile(name, data[:size], 0o666)
}

func gitError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return errors.New(LastLine(string(exit.Stderr)))
	}
	return err
}
