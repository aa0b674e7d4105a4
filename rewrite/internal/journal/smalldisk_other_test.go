//go:build !linux

package journal

const tmpfsDir = "JOURNAL_TEST_TMPFS"

func onSmallDisk(string) int { return 3 }
