// Command edge is the server behind proxies: it echoes, says how it was
// reached, and keeps connections from looking idle.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"

	"example.com/systems/internal/serve"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8087", "address to listen on")
	ping := flag.Duration("ping", 20*time.Second, "time between two pings, shorter than the idle timeout of any proxy before it")
	pong := flag.Duration("pong", 60*time.Second, "how long a peer may stay silent")
	flag.Parse()
	s := newServer(*ping, *pong)
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Edge", "/echo", "hello"))
	mux.Handle("/echo", s)
	if err := serve.Run(&http.Server{Addr: *addr, Handler: mux}, 10*time.Second, s.shutdown); err != nil {
		log.Fatal(err)
	}
}
