package conformance

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// A peer is a listener that plays a part in a handshake, and keeps a record of
// what it sees.
type peer struct {
	addr string

	ln    net.Listener
	serve func(p *peer, conn net.Conn)
	wg    sync.WaitGroup

	mu    sync.Mutex
	lines []string
}

// newPeer starts a peer. serve gets its connections, one goroutine each, and
// need not close them.
func newPeer(t *testing.T, serve func(p *peer, conn net.Conn)) *peer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{addr: ln.Addr().String(), ln: ln, serve: serve}
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			p.wg.Add(1)
			go func() {
				defer p.wg.Done()
				defer conn.Close()
				p.serve(p, conn)
			}()
		}
	}()
	return p
}

func (p *peer) note(format string, args ...interface{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines = append(p.lines, fmt.Sprintf(format, args...))
}

// stop waits for what is being served, and adds the record to that of r.
func (p *peer) stop(r *run, name string) {
	p.ln.Close()
	p.wg.Wait()
	for _, line := range p.lines {
		r.note("%s: %s", name, line)
	}
}

// readRequest reads a request and notes its head, without what is random.
func (p *peer) readRequest(br *bufio.Reader) (*http.Request, bool) {
	var raw bytes.Buffer
	req, err := http.ReadRequest(bufio.NewReader(io.TeeReader(br, &raw)))
	if err != nil {
		p.note("no request")
		return nil, false
	}
	for _, line := range sortedHead(strings.TrimSuffix(raw.String(), "\r\n\r\n")) {
		if strings.HasPrefix(line, "Sec-WebSocket-Key: ") {
			line = fmt.Sprintf("a key of %d bytes", len(line))
		}
		p.note("%s", line)
	}
	return req, true
}

// webSocket accepts a handshake, sends a message and reads to the end.
func (p *peer) webSocket(conn net.Conn) { p.webSocketWith(conn, "") }

// webSocketWith is webSocket with more fields in the response.
func (p *peer) webSocketWith(conn net.Conn, fields string) {
	br := bufio.NewReader(conn)
	req, ok := p.readRequest(br)
	if !ok {
		return
	}
	io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
		acceptKey(req.Header.Get("Sec-WebSocket-Key"))+"\r\n"+fields+"\r\n\x81\x05hello")
	io.Copy(io.Discard, br)
}

// timesOut is what a peer that says nothing does: as soon as the client has
// spoken, the deadline of the client's connection, which is dialed with the
// function returned, passes.
func timesOut() (serve func(p *peer, conn net.Conn), dial func(network, addr string) (net.Conn, error)) {
	dialed := make(chan net.Conn, 1)
	serve = func(p *peer, conn net.Conn) {
		io.ReadFull(conn, make([]byte, 1))
		(<-dialed).SetDeadline(time.Now().Add(-time.Hour))
		io.Copy(io.Discard, conn)
		p.note("the client hangs up")
	}
	dial = func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		if err == nil {
			dialed <- conn
		}
		return conn, err
	}
	return serve, dial
}

// tunnel copies between both connections until one of them ends.
func tunnel(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(a, b)
		a.Close()
	}()
	io.Copy(b, a)
	b.Close()
	<-done
}

// addresses are the addresses of this machine in a transcript.
var addresses = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// withoutAddresses makes the lines of several runs comparable.
func withoutAddresses(lines []string) []string {
	for i := range lines {
		lines[i] = addresses.ReplaceAllString(lines[i], "ADDR")
	}
	return lines
}

// An identity is a certificate for example.com and addresses of this machine,
// signed by itself.
type identity struct {
	cert  tls.Certificate
	roots *x509.CertPool
}

func newIdentity(t *testing.T) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		DNSNames:     []string{"example.com"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return identity{tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots}
}

// overTLS is a server that notes the TLS handshake and goes on with serve.
func overTLS(cfg *tls.Config, serve func(p *peer, conn net.Conn)) func(p *peer, conn net.Conn) {
	return func(p *peer, conn net.Conn) {
		secure := tls.Server(conn, cfg)
		if err := secure.Handshake(); err != nil {
			io.Copy(io.Discard, conn)
			p.note("TLS fails, and the client hangs up")
			return
		}
		s := secure.ConnectionState()
		p.note("TLS for %q, protocol %q, resumed %v, %d certificates", s.ServerName, s.NegotiatedProtocol, s.DidResume, len(s.PeerCertificates))
		serve(p, secure)
	}
}
