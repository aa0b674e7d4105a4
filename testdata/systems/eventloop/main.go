//go:build linux

// Command eventloop echoes messages to many connections without a goroutine
// for each: one loop on epoll serves them, and connections on which nothing
// happens hold no buffers.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"log"
	"net"
	"net/http"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8091", "address to listen on")
	statsAddr := flag.String("stats", "127.0.0.1:0", "address for what the program costs")
	idle := flag.Duration("idle", 60*time.Second, "a connection that is silent for so long is dead; it is sent a ping after half of that")
	flag.Parse()
	if err := run(*addr, *statsAddr, *idle); err != nil {
		log.Fatal(err)
	}
}

func run(addr, statsAddr string, idle time.Duration) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	stats, err := net.Listen("tcp", statsAddr)
	if err != nil {
		return err
	}
	loop, err := newLoop(idle)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(loop.stats), ReadHeaderTimeout: 5 * time.Second}
	go srv.Serve(stats)
	defer srv.Close()
	go accept(l, loop)
	log.Printf("stats on %s", stats.Addr())
	log.Printf("listening on %s", l.Addr())

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		l.Close()
		loop.shutdown()
	}()
	return loop.run()
}

// cost is what the program takes.
type cost struct {
	Connections int64  `json:"connections"`
	Goroutines  int    `json:"goroutines"`
	Bytes       uint64 `json:"bytes"` // of heap and stacks in use
}

func (l *loop) stats(w http.ResponseWriter, r *http.Request) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	json.NewEncoder(w).Encode(cost{l.open.Load(), runtime.NumGoroutine(), m.HeapInuse + m.StackInuse})
}
