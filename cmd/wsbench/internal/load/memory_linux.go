package load

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// readSystem adds what the system knows of this process.
func readSystem(m *Memory) error {
	rss, err := field("/proc/self/status", "VmRSS:")
	if err != nil {
		return err
	}
	slab, err := field("/proc/meminfo", "Slab:")
	if err != nil {
		return err
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	m.RSS, m.Kernel, m.Files = rss, slab, len(files)-1 // without the folder itself
	return nil
}

// field returns the value of a line such as "VmRSS: 12 kB", in bytes.
func field(file, name string) (int64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == name && f[2] == "kB" {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("%s does not tell %s", file, name)
}
