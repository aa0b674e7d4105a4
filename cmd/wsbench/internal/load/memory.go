package load

import (
	"runtime"
	"runtime/debug"
)

// Memory is the memory of a process after the garbage has been collected, in
// bytes.
type Memory struct {
	RSS        int64 // resident, as the system counts it
	Heap       int64 // spans in use by objects
	Live       int64 // objects
	Stack      int64
	Kernel     int64 // slabs of the whole system: sockets and files of both ends
	Goroutines int
	Files      int
}

func readMemory() (Memory, error) {
	runtime.GC()
	runtime.GC() // what finalizers and pools have let go
	debug.FreeOSMemory()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m := Memory{
		Heap:       int64(s.HeapInuse),
		Live:       int64(s.HeapAlloc),
		Stack:      int64(s.StackInuse),
		Goroutines: runtime.NumGoroutine(),
	}
	return m, readSystem(&m)
}
