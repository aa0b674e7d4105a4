package journal

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
)

// A system is the file system as the journal uses it. Names are relative to
// the tree's root, with slashes; none can lead out of it.
type system interface {
	Lstat(name string) (fs.FileInfo, error)
	ReadFile(name string) ([]byte, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	// Create makes a file that must not exist.
	Create(name string, perm fs.FileMode) (output, error)
	Link(from, to string) error
	Rename(from, to string) error
	Remove(name string) error
	Mkdir(name string) error
	SyncDir(name string) error
}

// An output is a file being written.
type output interface {
	io.WriteCloser
	Chmod(fs.FileMode) error
	Chown(uid, gid int) error
	Sync() error
}

// tree is the real system. An os.Root keeps a journal.json that somebody else
// wrote from reaching files outside.
type tree struct{ root *os.Root }

func (t tree) Lstat(name string) (fs.FileInfo, error)     { return t.root.Lstat(name) }
func (t tree) ReadFile(name string) ([]byte, error)       { return t.root.ReadFile(name) }
func (t tree) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(t.root.FS(), name) }
func (t tree) Link(from, to string) error                 { return t.root.Link(from, to) }
func (t tree) Rename(from, to string) error               { return t.root.Rename(from, to) }
func (t tree) Remove(name string) error                   { return t.root.Remove(name) }
func (t tree) Mkdir(name string) error                    { return t.root.Mkdir(name, 0o777) }

func (t tree) Create(name string, perm fs.FileMode) (output, error) {
	f, err := t.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (t tree) SyncDir(name string) error {
	if runtime.GOOS == "windows" || runtime.GOOS == "plan9" {
		return nil // folders cannot be synced there
	}
	d, err := t.root.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// cause strips the operation and the staged file's name from an error of the
// file system: the caller names the file that the user knows.
func cause(err error) error {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.As(err, &pe):
		return pe.Err
	case errors.As(err, &le):
		return le.Err
	}
	return err
}
