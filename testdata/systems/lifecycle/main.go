// Command lifecycle serves jobs over WebSocket and shuts down without losing
// one that has begun.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"time"

	"go.uber.org/goleak"

	"example.com/systems/internal/serve"
)

func main() {
	var opts options
	addr := flag.String("addr", "127.0.0.1:8086", "address to listen on")
	grace := flag.Duration("grace", 10*time.Second, "how long a shutdown may take")
	leaks := flag.Bool("leaks", false, "fail at the end if goroutines are left")
	flag.DurationVar(&opts.perMessage, "deadline", 5*time.Second, "how long a job may take")
	flag.DurationVar(&opts.pingPeriod, "ping", 30*time.Second, "time between two pings")
	flag.DurationVar(&opts.pongWait, "pong", 60*time.Second, "how long a peer may stay silent")
	flag.Parse()

	base, cancel := context.WithCancel(context.Background())
	s := newServer(opts)
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Jobs", "/jobs", `{"id":1,"work":"20ms"}`, `{"id":2,"work":"hold"}`, `{"id":2,"release":true}`))
	mux.Handle("/jobs", withID(s))
	err := serve.Run(&http.Server{
		Addr:        *addr,
		Handler:     mux,
		BaseContext: func(net.Listener) context.Context { return base },
	}, *grace, s.shutdown)
	cancel()
	if err != nil {
		log.Fatal(err)
	}
	if *leaks {
		if err := goleak.Find(); err != nil {
			log.Fatal(err)
		}
	}
	log.Print("bye")
}
