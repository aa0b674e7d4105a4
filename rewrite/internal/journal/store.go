package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

const (
	folder      = ".wsmigrate"
	ignoreName  = folder + "/.gitignore"
	ignoreBytes = "*\n"
	objectsName = folder + "/objects"
	unfinished  = ".tmp" // ends the name of a file of ours that is being written
	writeBits   = 0o222
)

var errLocked = errors.New("locked")

// A store is an opened journal: locked, read, and with no interrupted run.
type store struct {
	root      string // absolute, free of links
	given     string // root as the caller wrote it
	sys       system
	dir       *os.Root
	lock      *os.File
	log       record
	recovered []string // names that taking back an interrupted run changed
}

// openExisting is open for a tree that may have no journal: then it returns
// nil.
func (w *Writer) openExisting() (*store, error) {
	if _, err := os.Lstat(filepath.Join(w.Root, folder)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return w.open()
}

// open locks the journal, makes it where there is none, and takes back an
// interrupted run.
func (w *Writer) open() (_ *store, err error) {
	real, err := filepath.Abs(w.Root)
	if err == nil {
		real, err = filepath.EvalSymlinks(real)
	}
	if err != nil {
		return nil, fmt.Errorf("open the tree: %w", err)
	}
	s := &store{root: real, given: w.Root}
	if s.dir, err = os.OpenRoot(real); err != nil {
		return nil, fmt.Errorf("open the tree: %w", err)
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	s.sys = tree{s.dir}
	if w.wrap != nil {
		s.sys = w.wrap(s.sys)
	}
	if err := s.takeLock(w.Root); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	if err := s.layOut(); err != nil {
		return nil, fmt.Errorf("write %s: %w", filepath.Join(w.Root, folder), cause(err))
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *store) takeLock(shown string) error {
	at := filepath.Join(s.root, folder)
	for {
		info, err := os.Lstat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			top, err := os.Stat(s.root)
			if err != nil {
				return fmt.Errorf("open the tree: %w", err)
			}
			if top.Mode()&writeBits == 0 {
				var o obstacles
				o.add(readOnly, shown)
				return o.refusal()
			}
			if err := os.Mkdir(at, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("make the journal: %w", err)
			}
		case err != nil:
			return fmt.Errorf("open the journal: %w", err)
		case !info.IsDir():
			return &Refusal{Reason: filepath.Join(shown, folder) + " is not a folder", Help: "move it away"}
		}
		s.lock, err = acquire(filepath.Join(at, "lock"))
		switch {
		case errors.Is(err, errLocked):
			return &Refusal{
				Reason: "another run of wsmigrate is at work in " + shown,
				Help:   "wait for it to end; if there is none, remove " + filepath.Join(shown, folder, "lock"),
			}
		case errors.Is(err, fs.ErrNotExist):
			continue // the holder before us undid its last run and left
		case err != nil:
			return fmt.Errorf("lock the tree: %w", err)
		}
		return nil
	}
}

// layOut makes what belongs into the folder beside the journal.
func (s *store) layOut() error {
	if b, err := s.sys.ReadFile(ignoreName); err != nil || string(b) != ignoreBytes {
		if err := s.replace(ignoreName, []byte(ignoreBytes)); err != nil {
			return err
		}
	}
	if err := s.sys.Mkdir(objectsName); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// settle brings the newest run to rest: one that was interrupted is taken
// back, and what a finished one left behind is removed.
func (s *store) settle() error {
	if r := s.newest(); r != nil {
		switch r.State {
		case done:
			if err := s.sweep(r); err != nil {
				return err
			}
		case undone:
			s.recovered = r.paths()
			if err := s.finish(r); err != nil {
				return err
			}
		default:
			if err := s.takeBack(r); err != nil {
				return err
			}
		}
	}
	return s.collect()
}

// close releases the lock. A journal without runs disappears.
func (s *store) close() {
	if s.lock != nil {
		empty := s.log.Version != 0 && len(s.log.Runs) == 0
		if empty {
			// What cannot be removed is harmless: the next run uses it.
			for _, name := range []string{journalName, ignoreName, objectsName} {
				_ = s.sys.Remove(name)
				_ = s.sys.Remove(name + unfinished)
			}
		}
		release(s.lock)
		if empty {
			_ = s.sys.Remove(folder)
		}
	}
	if s.dir != nil {
		s.dir.Close()
	}
}

// absolute turns names into paths below the root as the caller wrote it.
func (s *store) absolute(ns []string) []string {
	var out []string
	for _, n := range ns {
		out = append(out, filepath.Join(s.given, filepath.FromSlash(n)))
	}
	slices.Sort(out)
	return out
}

// replace writes a file of the journal's own folder, whole or not at all.
func (s *store) replace(name string, data []byte) error {
	temp := name + unfinished
	if err := s.remove(temp); err != nil {
		return err
	}
	if err := s.writeFile(temp, data, 0o666, nil); err != nil {
		_ = s.sys.Remove(temp)
		return err
	}
	if err := s.sys.Rename(temp, name); err != nil {
		_ = s.sys.Remove(temp)
		return err
	}
	return nil
}

// writeFile makes a file, synced; with an owner it also gets exactly perm.
func (s *store) writeFile(name string, data []byte, perm fs.FileMode, own *owner) error {
	create := perm
	if own != nil {
		create = 0o600 // until it belongs to the right user
	}
	f, err := s.sys.Create(name, create)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if own != nil && err == nil {
		_ = f.Chown(own.UID, own.GID) // where the system permits it
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// remove removes a file that may be absent.
func (s *store) remove(name string) error {
	if err := s.sys.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// collect removes the objects that no run needs.
func (s *store) collect() error {
	entries, err := s.sys.ReadDir(objectsName)
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	used := make(map[string]bool)
	for _, r := range s.log.Runs {
		for _, f := range r.Files {
			used[f.Old] = true
		}
	}
	for _, e := range entries {
		if !used[e.Name()] {
			if err := s.remove(path.Join(objectsName, e.Name())); err != nil {
				return fmt.Errorf("tidy the journal: %w", err)
			}
		}
	}
	return nil
}
