package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

const handshakeWait = 10 * time.Second

// passedOn are the headers of a handshake that mean the same in both versions.
var passedOn = []string{"Origin", "Cookie", "Authorization", "User-Agent",
	"Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Sec-Websocket-Version"}

// bridge serves one WebSocket that was opened as a stream of an HTTP/2
// connection. What goes over the stream are the same frames, so that nothing
// but the handshake is translated.
func bridge(w http.ResponseWriter, r *http.Request, backend string) {
	conn, br, resp, err := open(r, backend)
	if err != nil {
		log.Printf("handshake: %v", err)
		http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
		return
	}
	defer conn.Close()
	for _, name := range []string{"Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Set-Cookie"} {
		for _, v := range resp.Header.Values(name) {
			w.Header().Add(name, v)
		}
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
		return
	}
	stream := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK) // what 101 is in HTTP/1.1
	if stream.Flush() != nil {
		return
	}
	log.Printf("WebSocket over %s for %s", r.Proto, r.Header.Get("User-Agent"))
	go func() {
		io.Copy(conn, r.Body)
		conn.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(flushed{w, stream}, br)
}

// flushed sends what is written at once.
type flushed struct {
	io.Writer
	stream *http.ResponseController
}

func (f flushed) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	if err == nil {
		err = f.stream.Flush()
	}
	return n, err
}

// open makes the handshake of HTTP/1.1 with the backend.
func open(r *http.Request, backend string) (net.Conn, *bufio.Reader, *http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), handshakeWait)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", backend)
	if err != nil {
		return nil, nil, nil, err
	}
	conn.SetDeadline(time.Now().Add(handshakeWait))
	key := make([]byte, 16)
	rand.Read(key)
	req := &http.Request{Method: http.MethodGet, URL: r.URL, Host: r.Host, Header: http.Header{
		"Connection":        {"Upgrade"},
		"Upgrade":           {"websocket"},
		"Sec-Websocket-Key": {base64.StdEncoding.EncodeToString(key)},
		"X-Forwarded-Proto": {"https"},
		"X-Forwarded-Host":  {r.Host},
		"Via":               {"2.0 bridge"},
	}}
	for _, name := range passedOn {
		if v := r.Header.Values(name); len(v) > 0 {
			req.Header[name] = v
		}
	}
	br := bufio.NewReader(conn)
	resp, err := answer(conn, br, req)
	if err != nil {
		conn.Close()
		return nil, nil, nil, err
	}
	conn.SetDeadline(time.Time{})
	return conn, br, resp, nil
}

func answer(conn net.Conn, br *bufio.Reader, req *http.Request) (*http.Response, error) {
	if err := req.Write(conn); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(br, req)
	if err != nil {
		return nil, err
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	want := base64.StdEncoding.EncodeToString(sum[:])
	if got := resp.Header.Get("Sec-Websocket-Accept"); resp.StatusCode == http.StatusSwitchingProtocols && got != want {
		return nil, fmt.Errorf("the backend accepts with %q, not %q", got, want)
	}
	return resp, nil
}
