//go:build !linux

package load

import "syscall"

func bindAddressOnly(_, _ string, _ syscall.RawConn) error { return nil }
