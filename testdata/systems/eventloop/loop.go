//go:build linux

package main

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

const (
	ready   = unix.EPOLLIN | unix.EPOLLRDHUP
	goodbye = time.Second // for close frames to be answered
)

// loop serves connections from one goroutine, which calls run. Others add
// connections and ask for the end.
type loop struct {
	epoll, wake int // file descriptors
	idle        time.Duration
	open        atomic.Int64

	mu    sync.Mutex
	added []*conn
	ends  bool // no more connections are taken

	conns  map[int32]*conn // by file descriptor
	buffer []byte          // for what is read
}

func newLoop(idle time.Duration) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	l := &loop{epoll: epoll, wake: wake, idle: idle, conns: make(map[int32]*conn), buffer: make([]byte, 64<<10)}
	return l, unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)})
}

// add gives the loop a connection.
func (l *loop) add(tcp *net.TCPConn) error {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	c := &conn{tcp: tcp, heard: time.Now()}
	if err := raw.Control(func(fd uintptr) { c.fd = int(fd) }); err != nil {
		return err
	}
	l.mu.Lock()
	ends := l.ends
	if !ends {
		l.added = append(l.added, c)
	}
	l.mu.Unlock()
	if ends {
		return errors.New("shutting down")
	}
	return l.notify()
}

func (l *loop) shutdown() {
	l.mu.Lock()
	l.ends = true
	l.mu.Unlock()
	l.notify()
}

// notify wakes the loop up.
func (l *loop) notify() error {
	_, err := unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return err
}

// run serves until shutdown was called and all connections have ended.
func (l *loop) run() error {
	events := make([]unix.EpollEvent, 256)
	tick := max(l.idle/4, 10*time.Millisecond)
	next := time.Now().Add(tick)
	var deadline time.Time // once the loop is to end
	for {
		n, err := unix.EpollWait(l.epoll, events, int(max(time.Until(next), 0).Milliseconds())+1)
		if err != nil && err != unix.EINTR {
			return err
		}
		now := time.Now()
		for _, e := range events[:max(n, 0)] {
			if e.Fd == int32(l.wake) {
				var count [8]byte
				unix.Read(l.wake, count[:])
				continue
			}
			if c := l.conns[e.Fd]; c != nil {
				l.serve(c, e.Events, now)
			}
		}
		if l.takeAdded() && deadline.IsZero() {
			deadline = now.Add(goodbye)
			tick, next = min(tick, goodbye/4), now
			for _, c := range l.conns {
				l.end(c, ws.StatusGoingAway, "")
			}
		}
		if !deadline.IsZero() && (len(l.conns) == 0 || now.After(deadline)) {
			for _, c := range l.conns {
				l.drop(c)
			}
			return nil
		}
		if !now.Before(next) {
			next = now.Add(tick)
			l.sweep(now)
		}
	}
}

// takeAdded begins to serve what others have added, and reports whether the
// loop is to end.
func (l *loop) takeAdded() (ends bool) {
	l.mu.Lock()
	added := l.added
	l.added, ends = nil, l.ends
	l.mu.Unlock()
	for _, c := range added {
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, c.fd, &unix.EpollEvent{Events: ready, Fd: int32(c.fd)}); err != nil {
			c.tcp.Close()
			continue
		}
		l.conns[int32(c.fd)] = c
		l.open.Add(1)
	}
	return ends
}

// serve does what can be done on a connection without waiting.
func (l *loop) serve(c *conn, events uint32, now time.Time) {
	if events&unix.EPOLLOUT != 0 && !l.flush(c) {
		return
	}
	if events&(ready|unix.EPOLLHUP|unix.EPOLLERR) == 0 {
		return
	}
	n, err := unix.Read(c.fd, l.buffer)
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
		return
	case err != nil || n == 0:
		l.drop(c)
		return
	}
	if c.failed {
		return // what comes is nothing that could be understood
	}
	c.heard, c.pinged = now, false
	if code, reason := c.receive(l.buffer[:n]); code != 0 {
		c.failed = !c.closed
		l.end(c, code, reason)
		return
	}
	l.flush(c)
}

// end sends a close frame, and drops the connection when that is out and the
// peer's has come.
func (l *loop) end(c *conn, code ws.StatusCode, reason string) {
	if !c.closing {
		c.closing = true
		c.send(ws.OpClose, ws.NewCloseFrameBody(code, reason))
	}
	l.flush(c)
}

// flush writes what waits, and asks to be told when there is room for the
// rest. It reports false when the connection is gone.
func (l *loop) flush(c *conn) bool {
	for len(c.out.bytes()) > 0 {
		n, err := unix.Write(c.fd, c.out.bytes())
		if err == unix.EINTR {
			continue
		}
		if err == unix.EAGAIN {
			break
		}
		if err != nil {
			l.drop(c)
			return false
		}
		c.out.drop(n)
	}
	waits := len(c.out.bytes())
	if waits > maxWaiting || waits == 0 && c.closing && c.closed {
		l.drop(c)
		return false
	}
	if waits == 0 && c.failed {
		c.tcp.CloseWrite() // and wait until the peer has read it
	}
	if blocked := waits > 0; blocked != c.blocked {
		c.blocked = blocked
		event := unix.EpollEvent{Events: ready, Fd: int32(c.fd)}
		if blocked {
			event.Events |= unix.EPOLLOUT
		}
		unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &event)
	}
	return true
}

// sweep sends pings to who has been silent, and drops who stays so.
func (l *loop) sweep(now time.Time) {
	for _, c := range l.conns {
		switch silent := now.Sub(c.heard); {
		case silent > l.idle, silent > goodbye && c.failed:
			l.drop(c)
		case silent > l.idle/2 && !c.pinged && !c.closing:
			c.pinged = true
			c.send(ws.OpPing, nil)
			l.flush(c)
		}
	}
}

func (l *loop) drop(c *conn) {
	delete(l.conns, int32(c.fd))
	l.open.Add(-1)
	c.in.free()
	c.message.free()
	c.out.free()
	c.tcp.Close() // takes it out of epoll too
}
