package journal

import (
	"errors"
	"os"
	"syscall"
)

const errSharingViolation syscall.Errno = 32

// acquire opens the lock file without sharing it, so that the system refuses
// every other open until the process ends in whatever way. It returns
// errLocked if another holder lives, and an error that is fs.ErrNotExist if
// the folder went away meanwhile.
func acquire(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if errors.Is(err, errSharingViolation) {
		return nil, errLocked
	}
	if err != nil {
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// release gives the lock up. Removing fails, as it should, if another process
// has taken the lock meanwhile.
func release(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
