package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
)

// A stuckError says that files could not be put back. The run keeps its state
// in the journal, so that the next open tries again.
type stuckError struct{ cause, back error }

func (e *stuckError) Error() string {
	return fmt.Sprintf("%v; and going back failed: %v; the next run of wsmigrate tries again", e.cause, e.back)
}

func (e *stuckError) Unwrap() []error { return []error{e.cause, e.back} }

// transact takes every file through its step and records the run's new state.
// If anything fails, or ctx ends before the first file is replaced, the files
// are as before and the error names the file; a *stuckError is the exception.
func (s *store) transact(ctx context.Context, r *run, steps []step, state phase) error {
	before := r.State
	moved, err := 0, s.stage(ctx, r, steps)
	if err == nil {
		moved, err = s.move(r, steps)
	}
	if err == nil {
		r.State = state
		if err = s.save(); err == nil {
			// The files are synced. If this is not and the power fails, the
			// run is taken back.
			_ = s.sys.SyncDir(folder)
			return nil
		}
		r.State = before
	}
	if back := s.moveBack(r, steps[:moved]); back != nil {
		return &stuckError{err, back}
	}
	_ = s.sweep(r) // the next open does it again
	return err
}

// stage prepares each step so that moving and going back are renames.
func (s *store) stage(ctx context.Context, r *run, steps []step) error {
	for _, st := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.stageOne(r, st); err != nil {
			return fmt.Errorf("write %s: %w", display(st.name), cause(err))
		}
	}
	return ctx.Err()
}

func (s *store) stageOne(r *run, st step) error {
	if st.to.exists {
		if err := s.makeDirs(path.Dir(st.name)); err != nil {
			return err
		}
		perm, own := st.mode, st.owner
		if !st.from.exists && r.Files[st.index].Old == "" {
			perm, own = 0o666, nil // a new file: the process's own umask
		} else if own == nil {
			own = &owner{-1, -1} // no change of owner, but of mode
		}
		if err := s.writeFile(r.staged(st.index), st.to.data, perm, own); err != nil {
			return err
		}
	}
	if !st.from.exists {
		return nil
	}
	// A link keeps the very file. Where links are not to be had, a copy.
	if s.sys.Link(st.name, r.former(st.index)) == nil {
		return nil
	}
	own := st.owner
	if own == nil {
		own = &owner{-1, -1}
	}
	return s.writeFile(r.former(st.index), st.from.data, st.mode, own)
}

func (s *store) makeDirs(dir string) error {
	if _, err := s.sys.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := s.makeDirs(path.Dir(dir)); err != nil {
		return err
	}
	return s.sys.Mkdir(dir)
}

// move replaces the files and syncs their folders. It returns how many steps
// it took.
func (s *store) move(r *run, steps []step) (int, error) {
	for i, st := range steps {
		now, err := s.read(st.name)
		if errors.Is(err, errIrregular) || err == nil && (now.exists != st.from.exists || string(now.data) != string(st.from.data)) {
			var stop obstacles
			stop.add(changed, display(st.name))
			return i, stop.refusal()
		}
		if err == nil {
			if st.to.exists {
				err = s.sys.Rename(r.staged(st.index), st.name)
			} else {
				err = s.sys.Remove(st.name)
			}
		}
		if err != nil {
			return i, fmt.Errorf("write %s: %w", display(st.name), cause(err))
		}
	}
	for _, dir := range parents(steps) {
		if err := s.sys.SyncDir(dir); err != nil {
			return len(steps), fmt.Errorf("sync the folder %s: %w", display(dir), cause(err))
		}
	}
	return len(steps), nil
}

// moveBack undoes the steps that were taken.
func (s *store) moveBack(r *run, steps []step) error {
	var failed []error
	for _, st := range slices.Backward(steps) {
		var err error
		if st.from.exists {
			err = s.sys.Rename(r.former(st.index), st.name)
		} else {
			err = s.remove(st.name)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("restore %s: %w", display(st.name), cause(err)))
		}
	}
	for _, dir := range parents(steps) {
		_ = s.sys.SyncDir(dir) // lost with the power, the journal still holds the run
	}
	return errors.Join(failed...)
}

// parents lists the folders whose entries the steps change, and the folders
// above them, whose entries may be new.
func parents(steps []step) []string {
	var dirs []string
	for _, st := range steps {
		for dir := path.Dir(st.name); !slices.Contains(dirs, dir); dir = path.Dir(dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// finish forgets an undone run. Its state goes to disk first: where that is
// undone, nothing needs the saved bytes any more.
func (s *store) finish(r *run) error {
	if err := s.saveSynced(); err != nil {
		return err
	}
	return s.forget(r)
}

// forget removes the newest run, whose files have their old bytes, and all it
// left.
func (s *store) forget(r *run) error {
	if err := s.sweep(r); err != nil {
		return err
	}
	for _, dir := range slices.Backward(r.Dirs) {
		// One that is not empty has become somebody else's.
		if err := s.remove(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("remove the folder %s: %w", display(dir), cause(err))
		}
	}
	s.log.Runs = s.log.Runs[:len(s.log.Runs)-1]
	if len(s.log.Runs) > 0 { // else close removes it, which needs no space
		if err := s.saveSynced(); err != nil {
			return err
		}
	}
	return s.collect()
}

// sweep removes what staging left.
func (s *store) sweep(r *run) error {
	for i := range r.Files {
		for _, name := range []string{r.staged(i), r.former(i)} {
			if err := s.remove(name); err != nil {
				return fmt.Errorf("remove %s: %w", display(name), cause(err))
			}
		}
	}
	return nil
}
