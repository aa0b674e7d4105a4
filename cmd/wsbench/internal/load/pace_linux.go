package load

import (
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sleepUntil sleeps in the system, without the runtime's timers, which wake up
// to a millisecond late.
func sleepUntil(due time.Time) {
	for {
		d := time.Until(due)
		if d <= 0 {
			return
		}
		t := unix.NsecToTimespec(int64(d))
		// Raw, so that the runtime does not give the sender's place to others.
		_, _, _ = syscall.RawSyscall(syscall.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
	}
}

// raisePriority gives this thread the best that the user may give.
func raisePriority() bool {
	// Wake-ups are not to be gathered.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), -20) == nil
}
