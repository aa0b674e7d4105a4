package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A gitState is what git knows of a file.
type gitState int

const (
	unversioned gitState = iota // no git, or outside of its work trees
	clean                       // as committed, or absent on both sides
	modified                    // changed, staged, untracked or ignored
)

// gitStatus asks git about files below root. Files outside of any work tree,
// and all files where there is no git program, are unversioned.
func gitStatus(ctx context.Context, root string, files []string, env []string) (map[string]gitState, error) {
	program, err := findGit(env)
	if err != nil {
		return nil, nil
	}
	groups := make(map[string][]string) // by the deepest folder that exists
	var dirs []string
	for _, f := range files {
		dir := path.Dir(f)
		for !isDir(filepath.Join(root, dir)) && dir != "." {
			dir = path.Dir(dir)
		}
		if groups[dir] == nil {
			dirs = append(dirs, dir)
		}
		groups[dir] = append(groups[dir], f)
	}
	states := make(map[string]gitState)
	for _, dir := range dirs {
		g := git{ctx, program, env, filepath.Join(root, filepath.FromSlash(dir))}
		if err := g.status(dir, groups[dir], states); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// git runs the program in a folder.
type git struct {
	ctx     context.Context
	program string
	env     []string
	dir     string
}

func (g git) status(base string, files []string, states map[string]gitState) error {
	out, err := g.run("rev-parse", "--is-inside-work-tree", "--show-prefix")
	if err != nil {
		// A folder without git fails like a damaged or distrusted repository.
		if g.ctx.Err() == nil && !underGit(g.dir) {
			return nil
		}
		return err
	}
	inside, prefix, _ := strings.Cut(strings.TrimSuffix(string(out), "\n"), "\n")
	if inside != "true" {
		return nil
	}
	args := []string{"status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--ignored", "--"}
	for _, f := range files {
		states[f] = clean
		args = append(args, within(base, f))
	}
	if out, err = g.run(args...); err != nil {
		return err
	}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		if len(entry) < 4 {
			continue
		}
		name := string(entry[3:]) // after "XY "
		for _, f := range files {
			if name == prefix+within(base, f) {
				states[f] = modified
			}
		}
	}
	return nil
}

// within returns f relative to its folder base.
func within(base, f string) string {
	if base == "." {
		return f
	}
	return strings.TrimPrefix(f, base+"/")
}

func (g git) run(args ...string) ([]byte, error) {
	all := append([]string{"--no-optional-locks", "--literal-pathspecs"}, args...)
	cmd := exec.CommandContext(g.ctx, g.program, all...)
	cmd.Dir, cmd.Env = g.dir, g.env
	out, err := cmd.Output()
	if e := g.ctx.Err(); e != nil {
		return nil, e
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		first, _, _ := strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
		return nil, &Refusal{
			Reason: fmt.Sprintf("git cannot tell whether there are uncommitted changes (%s)", first),
			Help:   "mend that, or use -force",
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run git: %w", err)
	}
	return out, nil
}

// findGit looks git up in the PATH of env.
func findGit(env []string) (string, error) {
	if env == nil {
		return exec.LookPath("git")
	}
	for _, kv := range slices.Backward(env) {
		key, value, _ := strings.Cut(kv, "=")
		if key != "PATH" && (runtime.GOOS != "windows" || !strings.EqualFold(key, "PATH")) {
			continue
		}
		for _, dir := range filepath.SplitList(value) {
			if !filepath.IsAbs(dir) {
				continue
			}
			if p, err := exec.LookPath(filepath.Join(dir, "git")); err == nil {
				return p, nil
			}
		}
		break
	}
	return "", exec.ErrNotFound
}

// underGit reports whether dir or a folder above holds a .git.
func underGit(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
}

func isDir(p string) bool {
	info, err := os.Stat(p)
	return err == nil && info.IsDir()
}
