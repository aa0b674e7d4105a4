package journal

import (
	"errors"
	"io/fs"
	"syscall"
)

// A fault is a system whose n-th change, counted from 0, does not succeed.
// Nothing is really synced: that would only be slow.
type fault struct {
	system
	n     int
	count *int
	// strike says what befalls the n-th change and those after it; nil lets
	// it pass. done is 0 for the n-th.
	strike func(op string, done int) error
}

// faults returns a Writer.wrap and the number of changes seen so far.
func faults(n int, strike func(op string, done int) error) (func(system) system, *int) {
	count := new(int)
	return func(s system) system { return &fault{s, n, count, strike} }, count
}

var errCrashed = errors.New("the process is dead")

// crash lets nothing happen any more, like kill -9.
func crash(string, int) error { return errCrashed }

// once fails one operation.
func once(_ string, done int) error {
	if done == 0 {
		return syscall.ENOSPC
	}
	return nil
}

// full fails whatever needs space from then on.
func full(op string, _ int) error {
	switch op {
	case "create", "write", "mkdir", "link":
		return syscall.ENOSPC
	}
	return nil
}

func (f *fault) change(op, name string) error {
	i := *f.count
	*f.count++
	if i < f.n {
		return nil
	}
	if err := f.strike(op, i-f.n); err != nil {
		return &fs.PathError{Op: op, Path: name, Err: err}
	}
	return nil
}

func (f *fault) Create(name string, perm fs.FileMode) (output, error) {
	if err := f.change("create", name); err != nil {
		return nil, err
	}
	o, err := f.system.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return &faultyOutput{o, f, name}, nil
}

func (f *fault) Link(from, to string) error {
	if err := f.change("link", to); err != nil {
		return err
	}
	return f.system.Link(from, to)
}

func (f *fault) Rename(from, to string) error {
	if err := f.change("rename", to); err != nil {
		return err
	}
	return f.system.Rename(from, to)
}

func (f *fault) Remove(name string) error {
	if err := f.change("remove", name); err != nil {
		return err
	}
	return f.system.Remove(name)
}

func (f *fault) Mkdir(name string) error {
	if err := f.change("mkdir", name); err != nil {
		return err
	}
	return f.system.Mkdir(name)
}

func (f *fault) SyncDir(name string) error { return f.change("syncdir", name) }

type faultyOutput struct {
	output
	f    *fault
	name string
}

// Write writes half of p before it fails.
func (o *faultyOutput) Write(p []byte) (int, error) {
	half, err := o.output.Write(p[:len(p)/2])
	if err != nil {
		return half, err
	}
	if err := o.f.change("write", o.name); err != nil {
		return half, err
	}
	rest, err := o.output.Write(p[len(p)/2:])
	return half + rest, err
}

func (o *faultyOutput) Chmod(m fs.FileMode) error {
	if err := o.f.change("chmod", o.name); err != nil {
		return err
	}
	return o.output.Chmod(m)
}

func (o *faultyOutput) Sync() error { return o.f.change("sync", o.name) }
