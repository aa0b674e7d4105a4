package websocket

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// step is one exchange with a SOCKS proxy: what it expects and what it then
// answers.
type step struct{ want, reply string }

// playSocks connects through a proxy that plays the steps and then closes.
func playSocks(t *testing.T, user *url.Userinfo, target string, steps []step) error {
	t.Helper()
	client, proxy := net.Pipe()
	defer client.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer proxy.Close()
		for i, s := range steps {
			got := make([]byte, len(s.want))
			if n, err := io.ReadFull(proxy, got); err != nil || !bytes.Equal(got, []byte(s.want)) {
				t.Errorf("step %d: the proxy read %q, %v, want %q", i, got[:n], err, s.want)
				return
			}
			io.WriteString(proxy, s.reply)
		}
	}()
	err := socks5{proxy: "p:1080", user: user}.connect(client, target)
	client.Close()
	<-done
	return err
}

func TestSocks(t *testing.T) {
	const (
		hello      = "\x05\x01\x00"
		helloUser  = "\x05\x02\x00\x02"
		ask        = "\x05\x01\x00\x03\x01h\x00\x50"
		ok         = "\x05\x00\x00\x01\x7f\x00\x00\x01\x1f\x90"
		in         = "proxy: SOCKS5 proxy at p:1080 "
		failedRead = "proxy: failed to read "
		fromProxy  = " from SOCKS5 proxy at p:1080: "
	)
	user := url.UserPassword("name", "pw")
	long := strings.Repeat("x", 256)
	tests := []struct {
		name   string
		user   *url.Userinfo
		target string
		steps  []step
		want   string
	}{
		{"name", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, ok}}, ""},
		{"IPv4", nil, "1.2.3.4:256", []step{{hello, "\x05\x00"}, {"\x05\x01\x00\x01\x01\x02\x03\x04\x01\x00", ok}}, ""},
		{"IPv6", nil, "[1::2]:1", []step{{hello, "\x05\x00"}, {"\x05\x01\x00\x04\x00\x01" + strings.Repeat("\x00", 13) + "\x02\x00\x01", ok}}, ""},
		{"reply with name", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x03\x04name\x00\x50"}}, ""},
		{"reply with IPv6", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x04" + strings.Repeat("\x00", 18)}}, ""},

		{"user", user, "h:80", []step{{helloUser, "\x05\x02"}, {"\x01\x04name\x02pw", "\x01\x00"}, {ask, ok}}, ""},
		{"user not asked for", user, "h:80", []step{{helloUser, "\x05\x00"}, {ask, ok}}, ""},
		{"user without password", url.User("name"), "h:80", []step{{helloUser, "\x05\x02"}, {"\x01\x04name\x00", "\x01\x00"}, {ask, ok}}, ""},
		{"user too long", url.UserPassword(long, "pw"), "h:80", []step{{hello, "\x05\x00"}, {ask, ok}}, ""},
		{"password too long", url.UserPassword("name", long), "h:80", []step{{hello, "\x05\x00"}, {ask, ok}}, ""},
		{"user rejected", user, "h:80", []step{{helloUser, "\x05\x02"}, {"\x01\x04name\x02pw", "\x01\x01"}}, in + "rejected username/password"},

		{"no port", nil, "h", nil, "address h: missing port in address"},
		{"port text", nil, "h:http", nil, "proxy: failed to parse port number: http"},
		{"port 0", nil, "h:0", nil, "proxy: port number out of range: 0"},
		{"port 65536", nil, "h:65536", nil, "proxy: port number out of range: 65536"},
		{"host too long", nil, long + ":80", []step{{hello, "\x05\x00"}}, "proxy: destination host name too long: " + long},
		{"version", nil, "h:80", []step{{hello, "\x04\x00"}}, in + "has unexpected version 4"},
		{"no method", nil, "h:80", []step{{hello, "\x05\xff"}}, in + "requires authentication"},
		{"failure", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x01\x00\x01"}}, in + "failed to connect: general failure"},
		{"refused", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x05\x00\x01"}}, in + "failed to connect: connection refused"},
		{"address type refused", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x08\x00\x01"}}, in + "failed to connect: address type not supported"},
		{"unknown failure", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x09\x00\x01"}}, in + "failed to connect: unknown error"},
		{"address type", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x02"}}, "proxy: got unknown address type 2 from SOCKS5 proxy at p:1080"},

		{"end in greeting", nil, "h:80", []step{{hello, "\x05"}}, failedRead + "greeting" + fromProxy + "unexpected EOF"},
		{"end in authentication", user, "h:80", []step{{helloUser, "\x05\x02"}, {"\x01\x04name\x02pw", ""}}, failedRead + "authentication reply" + fromProxy + "EOF"},
		{"end in reply", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00"}}, failedRead + "connect reply" + fromProxy + "unexpected EOF"},
		{"end in length", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x03"}}, failedRead + "domain length" + fromProxy + "EOF"},
		{"end in address", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x01\x7f"}}, failedRead + "address" + fromProxy + "unexpected EOF"},
		{"end in port", nil, "h:80", []step{{hello, "\x05\x00"}, {ask, "\x05\x00\x00\x01\x7f\x00\x00\x01"}}, failedRead + "port" + fromProxy + "EOF"},

		{"closed before greeting", nil, "h:80", nil, "proxy: failed to write greeting to SOCKS5 proxy at p:1080: io: read/write on closed pipe"},
		{"closed before authentication", user, "h:80", []step{{helloUser, "\x05\x02"}}, "proxy: failed to write authentication request to SOCKS5 proxy at p:1080: io: read/write on closed pipe"},
		{"closed before request", nil, "h:80", []step{{hello, "\x05\x00"}}, "proxy: failed to write connect request to SOCKS5 proxy at p:1080: io: read/write on closed pipe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := playSocks(t, tt.user, tt.target, tt.steps)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("connect: %v, want %q", err, tt.want)
			}
		})
	}
}

func TestDialThroughSocks(t *testing.T) {
	addr, _ := answer(t, always(switching+"\r\n"))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		client, err := ln.Accept()
		if err != nil {
			return
		}
		io.ReadFull(client, make([]byte, 3))
		io.WriteString(client, "\x05\x00")
		io.ReadFull(client, make([]byte, 10))
		io.WriteString(client, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
		server, err := net.Dial("tcp", addr)
		if err != nil {
			client.Close()
			return
		}
		splice(client, server)
	}()
	d := Dialer{Proxy: http.ProxyURL(&url.URL{Scheme: "socks5", Host: ln.Addr().String()})}
	c, _, err := d.Dial("ws://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	<-done
}
