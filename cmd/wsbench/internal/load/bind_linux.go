package load

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// bindAddressOnly is a [net.Dialer]'s Control that lets the system choose the
// port when it connects, not when it binds the address. To find a port for an
// address with thousands of them in use takes it milliseconds in bind.
func bindAddressOnly(_, _ string, c syscall.RawConn) error {
	var err error
	if e := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); e != nil {
		return e
	}
	return err
}
