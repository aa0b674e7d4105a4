//go:build !unix

package load

import "errors"

func cpuTime() (float64, error) {
	return 0, errors.New("this system does not tell the processor time of a process")
}
