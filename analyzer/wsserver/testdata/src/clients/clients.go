package clients

import (
	"crypto/tls"

	fast "github.com/fasthttp/websocket"
	"github.com/gorilla/websocket"
)

var dialer = websocket.Dialer{
	TLSClientConfig: &tls.Config{NextProtos: []string{"h2", "http/1.1"}}, // want `this offers HTTP/2 to the server, for a WebSocket \(clients.go:10\)`
}

func shared() {
	cfg := &tls.Config{ServerName: "example.com"}
	cfg.NextProtos = append(cfg.NextProtos, "h2") // want `this offers HTTP/2`
	d := &websocket.Dialer{TLSClientConfig: cfg}
	d.Dial("wss://example.com", nil)
}

func fork() {
	d := &fast.Dialer{TLSClientConfig: &tls.Config{NextProtos: []string{"h2"}}} // want `this offers HTTP/2`
	d.Dial("wss://example.com", nil)
}

var plain = websocket.Dialer{TLSClientConfig: &tls.Config{NextProtos: []string{"http/1.1"}}}

var none = websocket.Dialer{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}

func reset() {
	cfg := &tls.Config{NextProtos: []string{"h2"}}
	cfg.NextProtos = nil
	d := &websocket.Dialer{TLSClientConfig: cfg}
	d.Dial("wss://example.com", nil)
}

// A server may offer it: clients that offer HTTP/1.1 alone come in.
var server = &tls.Config{NextProtos: []string{"h2"}}
