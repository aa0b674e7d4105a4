package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A Change is one file of a run.
type Change struct {
	Path     string // absolute
	Old, New []byte
	Created  bool // Old is nil
	Deleted  bool // New is nil
}

// A Writer writes runs into the tree Root and takes them back.
type Writer struct {
	Root string // absolute; every change lies in it
	// Force writes over uncommitted changes.
	Force bool
	// Env is the environment of git; nil means that of the process, as in
	// os/exec.
	Env []string

	wrap func(system) system // injects faults in tests
}

// Write applies the changes, or none of them. It returns a *Refusal, naming
// every file concerned, if a file no longer has its Old bytes, has uncommitted
// changes that no run made (unless Force), has no write bit in its mode or in
// that of its folder, is not regular or lies outside Root, or if another
// process is at work in the tree. It first takes back an interrupted run.
func (w *Writer) Write(ctx context.Context, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	s, err := w.open()
	if err != nil {
		return err
	}
	defer s.close()

	r, steps, err := s.plan(ctx, w, changes)
	if err != nil {
		return err
	}
	for _, st := range steps {
		if err := s.saveObject(st.from, r.Tag); err != nil {
			_ = s.collect() // the next open does it again
			return fmt.Errorf("save the bytes of %s: %w", display(st.name), err)
		}
	}
	s.log.Runs = append(s.log.Runs, r)
	err = s.saveSynced()
	if err == nil {
		err = s.transact(ctx, r, steps, done)
	}
	var stuck *stuckError
	switch {
	case err == nil:
		_ = s.sweep(r) // likewise
	case !errors.As(err, &stuck):
		_ = s.forget(r) // likewise: it finds a pending run whose files are old
	}
	return err
}

// Undo takes back the newest run and returns the absolute paths it restored or
// removed; files that already have their former bytes are passed over. If a
// run was interrupted after it began to replace files, taking that one back is
// all it does. It returns a *Refusal if a file has other bytes than the run
// left, or if there is nothing to undo.
func (w *Writer) Undo(ctx context.Context) ([]string, error) {
	s, err := w.openExisting()
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, w.nothingToUndo()
	}
	defer s.close()
	if len(s.recovered) > 0 {
		return s.absolute(s.recovered), nil
	}
	r := s.newest()
	if r == nil {
		return nil, w.nothingToUndo()
	}
	steps, err := s.backward(r)
	if err != nil {
		return nil, err
	}
	r.State = undoing
	if err = s.saveSynced(); err == nil {
		err = s.transact(ctx, r, steps, undone)
	}
	if err != nil {
		var stuck *stuckError
		if !errors.As(err, &stuck) {
			r.State = done
			_ = s.save()
		}
		return nil, err
	}
	_ = s.finish(r) // the files are restored; the next open does the rest
	return s.absolute(names(steps)), nil
}

// Recover takes back a run that was interrupted and returns the absolute paths
// it restored or removed. Where no run was interrupted it changes nothing.
func (w *Writer) Recover(ctx context.Context) ([]string, error) {
	s, err := w.openExisting()
	if err != nil || s == nil {
		return nil, err
	}
	defer s.close()
	return s.absolute(s.recovered), nil
}

// Interrupted reports whether the journal in root records a run that has not
// come to its end, so that the tree may be half written. It takes no lock: the
// run may be at work just now.
func Interrupted(root string) bool {
	data, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(journalName)))
	var log record
	if err != nil || json.Unmarshal(data, &log) != nil || len(log.Runs) == 0 {
		return false
	}
	last := log.Runs[len(log.Runs)-1]
	return last != nil && last.State != done
}

func (w *Writer) nothingToUndo() error {
	return &Refusal{
		Reason: "nothing to undo",
		Help:   "no run is recorded in " + filepath.Join(w.Root, folder),
	}
}
