package websocket

import (
	"bufio"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// dialFunc opens a connection, as net.Dial does.
type dialFunc func(network, addr string) (net.Conn, error)

// throughProxy returns a function that dials the proxy with forward and has
// it open the connection.
func throughProxy(proxy *url.URL, forward dialFunc) (dialFunc, error) {
	var addr string
	var open func(conn net.Conn, target string) error
	switch proxy.Scheme {
	case "http":
		addr, _ = dialAddr(proxy)
		open = func(conn net.Conn, target string) error {
			return connectTunnel(conn, target, proxy.User)
		}
	case "socks5":
		addr = proxy.Host
		open = socks5{proxy: addr, user: proxy.User}.connect
	default:
		return nil, errors.New("proxy: unknown scheme: " + proxy.Scheme)
	}
	return func(network, target string) (net.Conn, error) {
		conn, err := forward(network, addr)
		if err != nil {
			return nil, err
		}
		if err := open(conn, target); err != nil {
			conn.Close()
			return nil, err
		}
		return conn, nil
	}, nil
}

// connectTunnel has an HTTP proxy connect to target (RFC 7231, section
// 4.3.6). Credentials are sent if there is a password.
func connectTunnel(conn net.Conn, target string, user *url.Userinfo) error {
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: target},
		Host:   target,
		Header: make(http.Header),
	}
	if password, ok := user.Password(); ok {
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := req.Write(conn); err != nil {
		return err
	}
	// The server behind the tunnel waits for the client to speak, so the
	// reader cannot hold anything but the proxy's response.
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	// The error is the reason phrase, or the code if the proxy gave none.
	if i := strings.IndexByte(resp.Status, ' '); i >= 0 {
		return errors.New(resp.Status[i+1:])
	}
	return errors.New(resp.Status)
}
