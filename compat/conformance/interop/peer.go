package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	_ "github.com/wsmigrate/wsmigrate/compat/coder" // the engine, unless WSMIGRATE_ENGINE says otherwise
	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// subprotocol is what all servers speak. Clients offer it as their second.
const subprotocol = "interop.v1"

// A peer is compat at one end of a connection: a server, or a client. It is
// the whole of a child process, because an engine is chosen for a process.
type peer struct {
	engine string // what websocket.Engine has to say
	tls    *tls.Config
	pages  fs.FS // what browsers load

	write func(line) // hands out what there is to say
}

// run serves and dials until its input ends.
func (p *peer) run(in io.Reader, out io.Writer) error {
	if websocket.Engine() != p.engine {
		return fmt.Errorf("the engine is %s and should be %s", websocket.Engine(), p.engine)
	}
	var mu sync.Mutex
	encoder := json.NewEncoder(out)
	p.write = func(l line) {
		mu.Lock()
		defer mu.Unlock()
		encoder.Encode(l) // the reader is gone if this fails, and so is the input
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		plain.Close()
		return err
	}
	server := p.server()
	defer server.Close()
	go server.Serve(meterListener{plain, nil})
	go server.Serve(meterListener{secure, p.tls})
	p.write(line{Hello: &hello{Plain: port(plain), TLS: port(secure)}})

	scripts := bufio.NewScanner(in)
	scripts.Buffer(nil, 1<<20)
	for scripts.Scan() {
		var sc script
		if err := json.Unmarshal(scripts.Bytes(), &sc); err != nil {
			return fmt.Errorf("decode script: %w", err)
		}
		p.write(line{Report: &report{ID: sc.ID, Events: p.dial(sc)}})
	}
	return scripts.Err()
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// server returns a server that plays the scripts of its clients' URLs, and has
// the page for browsers.
func (p *peer) server() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		var sc script
		if err := json.Unmarshal([]byte(r.FormValue("script")), &sc); err != nil {
			http.Error(w, "decode script: "+err.Error(), http.StatusBadRequest)
			return
		}
		p.write(line{Report: &report{ID: sc.ID, Server: true, Events: p.accept(w, r, sc)}})
	})
	mux.Handle("/page/", http.StripPrefix("/page/", http.FileServerFS(p.pages)))
	return &http.Server{
		Handler:     mux,
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, meterKey{}, c) },
	}
}

// meterKey is the key of a request's meter.
type meterKey struct{}

// meterListener puts a meter on each connection, above TLS if it has a
// configuration.
type meterListener struct {
	net.Listener
	tls *tls.Config
}

func (l meterListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if l.tls != nil {
		c = tls.Server(c, l.tls)
	}
	return newServerMeter(c), nil
}

// accept plays a script as the server.
func (p *peer) accept(w http.ResponseWriter, r *http.Request, sc script) []event {
	m := r.Context().Value(meterKey{}).(*meter)
	m.upgrade()
	upgrader := websocket.Upgrader{Subprotocols: []string{subprotocol}, EnableCompression: sc.Compress}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return []event{{Event: "refused", Detail: err.Error()}}
	}
	opened := event{
		Event: "open", Protocol: conn.Subprotocol(), Extensions: m.wire().Sent.Extensions, Origin: r.Header.Get("Origin"),
	}
	return newSession(conn, m, opened).play(sc)
}

// dialTime bounds an opening handshake.
const dialTime = 10 * time.Second

// dial plays a script as the client.
func (p *peer) dial(sc script) []event {
	var m *meter
	plain := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		m = newMeter(c)
		return m, nil
	}
	secure := func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&tls.Dialer{Config: p.tls}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		m = newMeter(c)
		return m, nil
	}
	dialer := websocket.Dialer{
		HandshakeTimeout: dialTime, NetDialContext: plain, NetDialTLSContext: secure,
		Subprotocols: sc.Protocols, EnableCompression: sc.Compress,
	}
	header := http.Header{}
	if sc.Origin != "" {
		header.Set("Origin", sc.Origin)
	}
	conn, resp, err := dialer.Dial(sc.URL, header)
	if err != nil {
		refused := event{Event: "refused", Detail: err.Error()}
		if resp != nil {
			refused.Status = resp.StatusCode
		}
		return []event{refused}
	}
	opened := event{
		Event: "open", Protocol: conn.Subprotocol(), Extensions: strings.Join(resp.Header.Values("Sec-Websocket-Extensions"), ", "),
	}
	return newSession(conn, m, opened).play(sc)
}

// originOf returns the origin of the page that is at the same server as a
// WebSocket URL.
func originOf(wsURL string) string {
	u, err := url.Parse(wsURL)
	if err != nil {
		return ""
	}
	scheme := "http"
	if u.Scheme == "wss" {
		scheme = "https"
	}
	return scheme + "://" + u.Host
}
