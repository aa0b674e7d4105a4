//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package journal

import (
	"errors"
	"os"
)

// acquire makes the lock file, which must not exist. These systems have no
// lock that ends with its process: after a crash the user removes the file, as
// the refusal says.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return nil, errLocked
	}
	return f, err
}

func release(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}
