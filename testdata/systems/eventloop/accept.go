//go:build linux

package main

import (
	"errors"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

const (
	handshakes    = 128 // at once
	handshakeWait = 5 * time.Second
)

// accept makes handshakes and gives the connections to the loop. A goroutine
// belongs to a connection only for as long as its handshake takes.
func accept(listener net.Listener, l *loop) {
	free := make(chan struct{}, handshakes)
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Printf("accept: %v", err)
			time.Sleep(10 * time.Millisecond) // no files left, perhaps
			continue
		}
		free <- struct{}{}
		go func() {
			defer func() { <-free }()
			conn.SetDeadline(time.Now().Add(handshakeWait))
			if err := upgrade(conn); err != nil {
				conn.Close()
				return
			}
			conn.SetDeadline(time.Time{})
			if err := l.add(conn.(*net.TCPConn)); err != nil {
				log.Printf("add: %v", err)
				conn.Close()
			}
		}()
	}
}

var foreign = ws.RejectConnectionError(ws.RejectionStatus(http.StatusForbidden), ws.RejectionReason("a page of another host"))

// upgrade makes a handshake. gobwas looks at no Origin, so this does: a page
// has to be of the host that it connects to.
func upgrade(conn net.Conn) error {
	var host, origin string
	u := ws.Upgrader{
		OnHost: func(h []byte) error {
			host = string(h)
			return nil
		},
		OnHeader: func(key, value []byte) error {
			if strings.EqualFold(string(key), "Origin") {
				origin = string(value)
			}
			return nil
		},
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			if origin == "" {
				return nil, nil // no page
			}
			from, err := url.Parse(origin)
			if err != nil || !strings.EqualFold(from.Host, host) {
				return nil, foreign
			}
			return nil, nil
		},
	}
	_, err := u.Upgrade(conn)
	return err
}
