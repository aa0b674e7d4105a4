//go:build !linux

package load

import "errors"

func readSystem(*Memory) error {
	return errors.New("the memory of a process can be read on Linux only")
}
