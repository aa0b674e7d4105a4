package websocket

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
)

// Values of the SOCKS protocol (RFC 1928 and RFC 1929).
const (
	socksVersion = 5

	socksNoAuth           = 0x00
	socksPassword         = 0x02
	socksNoMethod         = 0xff
	socksPasswordVersion  = 1
	socksPasswordAccepted = 0

	socksConnect = 1

	socksIPv4   = 1
	socksDomain = 3
	socksIPv6   = 4
)

// socksReplies are the meanings of the reply codes of RFC 1928, section 6.
var socksReplies = [...]string{
	1: "general failure",
	2: "connection forbidden",
	3: "network unreachable",
	4: "host unreachable",
	5: "connection refused",
	6: "TTL expired",
	7: "command not supported",
	8: "address type not supported",
}

// socks5 is a SOCKS proxy with the credentials of its URL, if it has any.
type socks5 struct {
	proxy string
	user  *url.Userinfo
}

// connect has the proxy at the other end of conn connect to target.
func (s socks5) connect(conn net.Conn, target string) error {
	host, portText, err := net.SplitHostPort(target)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(portText)
	switch {
	case err != nil:
		return errors.New("proxy: failed to parse port number: " + portText)
	case port < 1 || port > 0xffff:
		return errors.New("proxy: port number out of range: " + portText)
	}
	method, err := s.greet(conn)
	if err != nil {
		return err
	}
	if method == socksPassword {
		if err := s.authenticate(conn); err != nil {
			return err
		}
	}
	addr, err := socksAddr(host)
	if err != nil {
		return err
	}
	request := append([]byte{socksVersion, socksConnect, 0}, addr...)
	request = append(request, byte(port>>8), byte(port))
	if _, err := conn.Write(request); err != nil {
		return s.failed("write connect request to", err)
	}
	return s.readReply(conn)
}

// greet offers the authentication methods and returns the proxy's choice.
func (s socks5) greet(conn net.Conn) (method byte, err error) {
	greeting := []byte{socksVersion, 1, socksNoAuth}
	if name, password := s.credentials(); name != "" && len(name) <= 255 && len(password) <= 255 {
		greeting = []byte{socksVersion, 2, socksNoAuth, socksPassword}
	}
	if _, err := conn.Write(greeting); err != nil {
		return 0, s.failed("write greeting to", err)
	}
	var choice [2]byte
	if _, err := io.ReadFull(conn, choice[:]); err != nil {
		return 0, s.failed("read greeting from", err)
	}
	if choice[0] != socksVersion {
		return 0, s.errorf("has unexpected version %d", choice[0])
	}
	if choice[1] == socksNoMethod {
		return 0, s.errorf("requires authentication")
	}
	return choice[1], nil
}

// authenticate sends user name and password (RFC 1929).
func (s socks5) authenticate(conn net.Conn) error {
	name, password := s.credentials()
	request := []byte{socksPasswordVersion, byte(len(name))}
	request = append(request, name...)
	request = append(request, byte(len(password)))
	request = append(request, password...)
	if _, err := conn.Write(request); err != nil {
		return s.failed("write authentication request to", err)
	}
	var status [2]byte
	if _, err := io.ReadFull(conn, status[:]); err != nil {
		return s.failed("read authentication reply from", err)
	}
	if status[1] != socksPasswordAccepted {
		return s.errorf("rejected username/password")
	}
	return nil
}

// readReply reads the reply to a connect request to its end: what follows
// comes from the target.
func (s socks5) readReply(conn net.Conn) error {
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return s.failed("read connect reply from", err)
	}
	if code := int(head[1]); code != 0 {
		reason := "unknown error"
		if code < len(socksReplies) {
			reason = socksReplies[code]
		}
		return s.errorf("failed to connect: %s", reason)
	}

	var addrLen int
	switch head[3] {
	case socksIPv4:
		addrLen = net.IPv4len
	case socksIPv6:
		addrLen = net.IPv6len
	case socksDomain:
		var n [1]byte
		if _, err := io.ReadFull(conn, n[:]); err != nil {
			return s.failed("read domain length from", err)
		}
		addrLen = int(n[0])
	default:
		return fmt.Errorf("proxy: got unknown address type %d from SOCKS5 proxy at %s", head[3], s.proxy)
	}
	bound := make([]byte, addrLen)
	if _, err := io.ReadFull(conn, bound); err != nil {
		return s.failed("read address from", err)
	}
	var port [2]byte
	if _, err := io.ReadFull(conn, port[:]); err != nil {
		return s.failed("read port from", err)
	}
	return nil
}

func (s socks5) credentials() (name, password string) {
	password, _ = s.user.Password()
	return s.user.Username(), password
}

// socksAddr returns the address type and the address of a request. Names are
// left to the proxy to resolve.
func socksAddr(host string) ([]byte, error) {
	if ip := net.ParseIP(host); ip != nil {
		if ip4 := ip.To4(); ip4 != nil {
			return append([]byte{socksIPv4}, ip4...), nil
		}
		return append([]byte{socksIPv6}, ip...), nil
	}
	if len(host) > 255 {
		return nil, errors.New("proxy: destination host name too long: " + host)
	}
	return append([]byte{socksDomain, byte(len(host))}, host...), nil
}

// failed returns the error of an exchange with the proxy. The cause is part
// of the text only: it says nothing about the connection asked for.
func (s socks5) failed(action string, cause error) error {
	return fmt.Errorf("proxy: failed to %s SOCKS5 proxy at %s: %v", action, s.proxy, cause)
}

func (s socks5) errorf(format string, args ...interface{}) error {
	return fmt.Errorf("proxy: SOCKS5 proxy at %s %s", s.proxy, fmt.Sprintf(format, args...))
}
