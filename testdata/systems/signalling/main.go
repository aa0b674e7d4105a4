// Command signalling passes the messages of a video call between its members:
// the urgent ones first, and none of them at the expense of the others.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"time"

	"golang.org/x/time/rate"

	"example.com/systems/internal/serve"
)

func main() {
	var opts options
	addr := flag.String("addr", "127.0.0.1:8082", "address to listen on")
	sendBuffer := flag.Int("sndbuf", 0, "bytes that the kernel may hold for each connection; 0 leaves it to the kernel")
	flag.Float64Var((*float64)(&opts.rate), "rate", 50, "messages a second that a member may send")
	flag.IntVar(&opts.burst, "burst", 100, "messages that a member may send at once")
	flag.DurationVar(&opts.writeWait, "write-wait", 10*time.Second, "how long a write may take")
	flag.DurationVar(&opts.pongWait, "pong", 60*time.Second, "how long a peer may stay silent")
	flag.Parse()
	if opts.rate == 0 {
		opts.rate = rate.Inf
	}

	h := newHub(opts)
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Signalling", "/signal?room=1&name=ann",
		`{"type":"offer","to":"bob","data":"v=0"}`, `{"type":"stats","data":{"rtt":20}}`, `{"type":"hangup"}`))
	mux.HandleFunc("/signal", h.serve)
	mux.HandleFunc("/shed", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(h.shed(r.FormValue("room")))
	})
	srv := &http.Server{
		Addr:        *addr,
		Handler:     mux,
		ConnContext: serve.SendBuffer(*sendBuffer),
	}
	if err := serve.Run(srv, 10*time.Second, h.shutdown); err != nil {
		log.Fatal(err)
	}
}
