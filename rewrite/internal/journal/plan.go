package journal

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

// A step moves one file from a content to another.
type step struct {
	name     string
	index    int // in run.Files, which the staged names are made of
	from, to content
	mode     fs.FileMode // of the file that is there or, failing that, was
	owner    *owner
}

func names(steps []step) []string {
	var out []string
	for _, st := range steps {
		out = append(out, st.name)
	}
	return out
}

// plan checks the changes against the tree and returns the run to be recorded
// and its steps. It writes nothing.
func (s *store) plan(ctx context.Context, w *Writer, changes []Change) (*run, []step, error) {
	var (
		stop  obstacles
		steps []step
		taken = make(map[string]bool)
	)
	for _, c := range changes {
		name, kind, err := s.locate(c.Path)
		if err != nil {
			return nil, nil, err
		}
		if kind == nil && !proper(name) {
			return nil, nil, fmt.Errorf("write %s: not a file of the tree", c.Path)
		}
		if kind == nil && taken[name] {
			kind = &aliased
		}
		if kind != nil {
			stop.add(*kind, s.shown(c.Path))
			continue
		}
		taken[name] = true
		st := step{
			name: name,
			from: content{c.Old, !c.Created},
			to:   content{c.New, !c.Deleted},
		}
		if err := s.check(&st, &stop, changed, st.from); err != nil {
			return nil, nil, err
		}
		steps = append(steps, st)
	}
	if err := stop.refusal(); err != nil {
		if r := err.(*Refusal); len(s.recovered) > 0 && slices.Contains(stop.kinds, changed) {
			r.Help = "an interrupted run was taken back first; " + r.Help
		}
		return nil, nil, err
	}

	slices.SortFunc(steps, func(a, b step) int {
		if a.name < b.name {
			return -1
		}
		return 1
	})
	git, err := gitStatus(ctx, s.root, names(steps), w.Env)
	if err != nil && !w.Force {
		return nil, nil, err
	}
	r := &run{State: pending, Tag: tag(), Dirs: s.missingDirs(steps)}
	for i := range steps {
		st := &steps[i]
		st.index = i
		clean := git[st.name] == clean || s.wrote(st.name, st.from)
		if git[st.name] == modified && !clean {
			stop.add(dirty, display(st.name))
		}
		r.Files = append(r.Files, file{
			Path: st.name, Old: st.from.hash(), New: st.to.hash(),
			Mode: uint32(st.mode), Owner: st.owner, Clean: clean,
		})
	}
	if !w.Force {
		if err := stop.refusal(); err != nil {
			return nil, nil, err
		}
	}
	return r, steps, nil
}

// wrote reports whether the newest run that touched the file left it with
// these bytes, without any change of the user's below them.
func (s *store) wrote(name string, c content) bool {
	for _, r := range slices.Backward(s.log.Runs) {
		for _, f := range r.Files {
			if f.Path == name {
				return f.Clean && f.New == c.hash()
			}
		}
	}
	return false
}

// backward returns the steps that take a finished run back.
func (s *store) backward(r *run) ([]step, error) {
	return s.steps(r, changedSince)
}

// takeBack takes back a run that was interrupted.
func (s *store) takeBack(r *run) error {
	// Staged files come first: their names are needed again.
	if err := s.sweep(r); err != nil {
		return err
	}
	steps, err := s.steps(r, changedInterrupted)
	if err != nil {
		return err
	}
	was := r.State
	if err := s.transact(context.Background(), r, steps, undone); err != nil {
		return fmt.Errorf("take back an interrupted run: %w", err)
	}
	s.recovered = names(steps)
	if was == undoing {
		s.recovered = r.paths() // the whole undo, of which this was the rest
	}
	return s.finish(r)
}

// steps returns what moves the run's files to their old bytes. Files that have
// them already need no step; files with bytes that are neither old nor new are
// refused for the reason given.
func (s *store) steps(r *run, why obstacle) ([]step, error) {
	var stop obstacles
	var steps []step
	for i, f := range r.Files {
		st := step{name: f.Path, index: i, mode: fs.FileMode(f.Mode).Perm(), owner: f.Owner}
		now, err := s.read(f.Path)
		if errors.Is(err, errIrregular) {
			stop.add(why, display(f.Path))
			continue
		}
		if err != nil {
			return nil, err
		}
		if now.hash() == f.Old {
			continue
		}
		if now.hash() != f.New {
			stop.add(why, display(f.Path))
			continue
		}
		st.from = now.content
		if err := s.check(&st, &stop, why, now.content); err != nil {
			return nil, err
		}
		if st.to, err = s.object(f.Old); err != nil {
			return nil, &Refusal{
				Reason: fmt.Sprintf("the saved bytes of %s cannot be read (%v)", display(f.Path), cause(err)),
				Help:   "remove the folder " + filepath.Join(s.given, folder) + " to keep all files as they are",
			}
		}
		steps = append(steps, st)
	}
	return steps, stop.refusal()
}

var errIrregular = errors.New("not a regular file")

// presence is a file as it stands in the tree.
type presence struct {
	content
	mode  fs.FileMode
	owner *owner
}

// read returns a file's state. What is no regular file is not opened: a FIFO
// would never answer.
func (s *store) read(name string) (presence, error) {
	info, err := s.sys.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return presence{}, nil
	}
	if err != nil {
		return presence{}, fmt.Errorf("read %s: %w", display(name), cause(err))
	}
	if !info.Mode().IsRegular() {
		return presence{}, errIrregular
	}
	data, err := s.sys.ReadFile(name)
	if err != nil {
		return presence{}, fmt.Errorf("read %s: %w", display(name), cause(err))
	}
	return presence{content{data, true}, info.Mode().Perm(), ownerOf(info)}, nil
}

// check adds what stands in the way of a step: the file is not as wanted (then
// for the reason why), or its mode or that of its folder forbids writing. It
// fills in the step's mode and owner if the file is there.
func (s *store) check(st *step, stop *obstacles, why obstacle, want content) error {
	now, err := s.read(st.name)
	switch {
	case errors.Is(err, errIrregular):
		stop.add(irregular, display(st.name))
		return nil
	case err != nil:
		return err
	case now.exists != want.exists || string(now.data) != string(want.data):
		stop.add(why, display(st.name))
		return nil
	}
	if now.exists {
		st.mode, st.owner = now.mode, now.owner
		if now.mode&writeBits == 0 {
			stop.add(readOnly, display(st.name))
		}
	}
	for dir := path.Dir(st.name); ; dir = path.Dir(dir) {
		info, err := s.sys.Lstat(dir)
		if errors.Is(err, fs.ErrNotExist) && dir != "." {
			continue
		}
		if err != nil {
			return fmt.Errorf("look at the folder of %s: %w", display(st.name), cause(err))
		}
		switch {
		case !info.IsDir():
			stop.add(irregular, display(dir))
		case info.Mode()&writeBits == 0:
			stop.add(readOnly, "the folder "+display(dir))
		}
		return nil
	}
}

// locate returns the name of the file that a path leads to, links followed.
func (s *store) locate(p string) (name string, stop *obstacle, err error) {
	if !filepath.IsAbs(p) {
		return "", nil, fmt.Errorf("write %s: not an absolute path", p)
	}
	rest := ""
	for at := filepath.Clean(p); ; at = filepath.Dir(at) {
		_, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) && filepath.Dir(at) != at {
			rest = filepath.Join(filepath.Base(at), rest)
			continue
		}
		if err != nil {
			return "", nil, fmt.Errorf("look at %s: %w", s.shown(p), cause(err))
		}
		real, err := filepath.EvalSymlinks(at)
		if err != nil {
			return "", &broken, nil
		}
		rel, err := filepath.Rel(s.root, filepath.Join(real, rest))
		if err != nil || !filepath.IsLocal(rel) {
			return "", &outside, nil
		}
		return filepath.ToSlash(rel), nil, nil
	}
}

// shown shortens a path for people: relative to the root where it lies below.
func (s *store) shown(p string) string {
	for _, root := range []string{s.given, s.root} {
		if rel, err := filepath.Rel(root, p); err == nil && filepath.IsLocal(rel) {
			return rel
		}
	}
	return p
}

// missingDirs lists the folders that the steps need and the tree lacks,
// outermost first.
func (s *store) missingDirs(steps []step) []string {
	var dirs []string
	for _, st := range steps {
		var chain []string
		for dir := path.Dir(st.name); dir != "."; dir = path.Dir(dir) {
			if _, err := s.sys.Lstat(dir); err == nil {
				break
			}
			chain = append(chain, dir)
		}
		for _, dir := range slices.Backward(chain) {
			if !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

// tag names a run so that its staged files cannot meet anybody else's.
func tag() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
