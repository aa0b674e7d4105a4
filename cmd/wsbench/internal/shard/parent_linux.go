package shard

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes the system end the worker when this process ends without
// having done so. Elsewhere the worker notices that its standard input ends.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
