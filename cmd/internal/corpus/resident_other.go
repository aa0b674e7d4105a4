//go:build !linux

package main

import "os"

// maxResident returns 0: the unit of the figure differs between systems.
func maxResident(*os.ProcessState) int64 { return 0 }
