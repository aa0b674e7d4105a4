// Package relay connects WebSocket clients with a backend.
package relay

import (
	"io"
	"log"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
)

// Config is what a Relay needs to know. Only Backend is required.
type Config struct {
	Backend     *url.URL      // ws or wss; the path of the request is added
	DialTimeout time.Duration // bounds the backend's handshake; 5 s if zero
	CloseGrace  time.Duration // how long a side has to answer a close frame; 2 s if zero
	MaxMessage  int64         // longest message in bytes; 1 MiB if zero
	Log         *log.Logger   // no log if nil
}

// Relay is an http.Handler that opens a connection to the backend for each
// client and passes messages both ways.
type Relay struct {
	cfg Config
}

var upgrader = websocket.Upgrader{
	ReadBufferSize:  4096,
	WriteBufferSize: 4096,
}

// New returns a relay to cfg.Backend.
func New(cfg Config) *Relay {
	if cfg.DialTimeout == 0 {
		cfg.DialTimeout = 5 * time.Second
	}
	if cfg.CloseGrace == 0 {
		cfg.CloseGrace = 2 * time.Second
	}
	if cfg.MaxMessage == 0 {
		cfg.MaxMessage = 1 << 20
	}
	if cfg.Log == nil {
		cfg.Log = log.New(io.Discard, "", 0)
	}
	return &Relay{cfg: cfg}
}

// ServeHTTP dials the backend first, so that its answer decides over ours: a
// refusal is passed on with its status, a subprotocol and cookies with the
// upgrade.
func (p *Relay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		http.Error(w, "this is a websocket endpoint", http.StatusUpgradeRequired)
		return
	}

	dialer := websocket.Dialer{
		HandshakeTimeout: p.cfg.DialTimeout,
		Subprotocols:     websocket.Subprotocols(r),
	}
	backend, resp, err := dialer.DialContext(r.Context(), p.target(r), forwardHeader(r))
	if err != nil {
		p.cfg.Log.Printf("dial for %s: %v", r.RemoteAddr, err)
		refuse(w, resp)
		return
	}
	defer backend.Close()

	header := answerHeader(resp)
	if proto := backend.Subprotocol(); proto != "" {
		header.Set("Sec-WebSocket-Protocol", proto)
	}
	client, err := upgrader.Upgrade(w, r, header)
	if err != nil {
		p.cfg.Log.Printf("upgrade %s: %v", r.RemoteAddr, err)
		return
	}
	defer client.Close()

	backend.SetReadLimit(p.cfg.MaxMessage)
	client.SetReadLimit(p.cfg.MaxMessage)
	err = p.relay(client, backend)
	p.cfg.Log.Printf("%s %s ended: %v", r.RemoteAddr, r.URL.Path, err)
}

// target is the backend's URL for the request.
func (p *Relay) target(r *http.Request) string {
	u := p.cfg.Backend.JoinPath(r.URL.Path)
	u.RawQuery = r.URL.RawQuery
	return u.String()
}

// refuse answers where the backend could not be reached (resp is nil) or did
// not upgrade.
func refuse(w http.ResponseWriter, resp *http.Response) {
	status := http.StatusBadGateway
	if resp != nil {
		defer resp.Body.Close()
		if resp.StatusCode >= 400 {
			status = resp.StatusCode
		}
		if challenge := resp.Header.Get("WWW-Authenticate"); challenge != "" {
			w.Header().Set("WWW-Authenticate", challenge)
		}
	}
	http.Error(w, http.StatusText(status), status)
}
