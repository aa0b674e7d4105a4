package both

import (
	"net/http"
	"time"

	"nhooyr.io/websocket"
)

func handler(w http.ResponseWriter, r *http.Request) { websocket.Accept(w, r, nil) }

func run() {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Protocols: &p}
	srv.ListenAndServe()
}

func given(p *http.Protocols) {
	p.SetHTTP2(true)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Protocols: p}
	srv.ListenAndServe()
}

func changed(also bool) {
	p := new(http.Protocols)
	p.SetHTTP2(true)
	p.SetHTTP1(also)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Protocols: p}
	srv.ListenAndServe()
}

func elsewhere() {
	p := &http.Protocols{}
	p.SetHTTP2(true)
	configure(p)
	srv := &http.Server{ReadHeaderTimeout: time.Second, Protocols: p}
	srv.ListenAndServe()
}

func configure(p *http.Protocols) { p.SetHTTP1(true) }
