package report

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine is where a run took place.
type Machine struct {
	System    string `json:"system"` // GOOS/GOARCH and what the kernel calls itself
	CPU       string `json:"cpu,omitempty"`
	CPUs      int    `json:"cpus"`
	Memory    int64  `json:"memory,omitempty"` // bytes
	Go        string `json:"go"`
	FileLimit uint64 `json:"fileLimit"`
	Load      string `json:"load,omitempty"` // average of the last minute, at the start
}

// ReadMachine describes this machine, as far as it tells.
func ReadMachine(fileLimit uint64) Machine {
	m := Machine{
		System:    runtime.GOOS + "/" + runtime.GOARCH,
		CPUs:      runtime.NumCPU(),
		Go:        runtime.Version(),
		FileLimit: fileLimit,
		CPU:       procField("/proc/cpuinfo", "model name"),
	}
	if release := procFirst("/proc/sys/kernel/osrelease"); release != "" {
		m.System += ", kernel " + release
	}
	m.Memory = memory("MemTotal")
	m.Load = procFirst("/proc/loadavg")
	return m
}

// AvailableMemory returns how much memory could be had now, in bytes; 0 when
// the system does not tell.
func AvailableMemory() int64 { return memory("MemAvailable") }

func memory(name string) int64 {
	var kib int64
	if _, err := fmt.Sscanf(procField("/proc/meminfo", name), "%d kB", &kib); err != nil {
		return 0
	}
	return kib << 10
}

// procField returns the value of the first line "name: value" of a file.
func procField(file, name string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// procFirst returns the first word of a file.
func procFirst(file string) string {
	data, err := os.ReadFile(file)
	if f := strings.Fields(string(data)); err == nil && len(f) > 0 {
		return f[0]
	}
	return ""
}
