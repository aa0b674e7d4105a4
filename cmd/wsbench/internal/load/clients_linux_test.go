package load

import (
	"context"
	"net"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// TestDialOptions holds what many connections need of the system: no probes,
// and ports that are chosen late, at each of the addresses.
func TestDialOptions(t *testing.T) {
	ln, err := net.Listen("tcp", loopback)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	want := []string{"127.1.7.1", "127.1.7.2"}
	cs := &clients{args: DialArgs{Addr: ln.Addr().String(), Sources: want}}
	var got []string
	for range want {
		c, err := cs.dial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		got = append(got, c.LocalAddr().(*net.TCPAddr).IP.String())
		raw, err := c.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []struct {
			name               string
			level, opt, expect int
		}{
			{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0},
			{"IP_BIND_ADDRESS_NO_PORT", unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1},
		} {
			var v int
			var optErr error
			if err := raw.Control(func(fd uintptr) { v, optErr = unix.GetsockoptInt(int(fd), o.level, o.opt) }); err != nil {
				t.Fatal(err)
			}
			if optErr != nil || v != o.expect {
				t.Errorf("%s = %d, %v, want %d", o.name, v, optErr, o.expect)
			}
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("connected from %q, want %q", got, want)
	}
}
