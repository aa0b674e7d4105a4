// Command tracing answers requests over WebSocket and can say afterwards where
// the time of a slow one went.
package main

import (
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"runtime/trace"
	"time"

	"example.com/systems/internal/serve"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8088", "address to listen on")
	slow := flag.Duration("slow", 100*time.Millisecond, "a message that takes longer is slow")
	dumps := flag.String("dumps", os.TempDir(), "folder for what the flight recorder has when a message was slow")
	whole := flag.String("trace", "", "file for a trace of everything")
	sendBuffer := flag.Int("sndbuf", 0, "bytes that the kernel may hold for each connection; 0 leaves it to the kernel")
	flag.Parse()
	if err := run(*addr, *slow, *dumps, *whole, *sendBuffer); err != nil {
		log.Fatal(err)
	}
}

func run(addr string, slow time.Duration, dumps, whole string, sendBuffer int) (err error) {
	if whole != "" {
		f, err := os.Create(whole)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		if err := trace.Start(f); err != nil {
			return err
		}
		defer trace.Stop()
	}
	rec, err := newRecorder(dumps, slow)
	if err != nil {
		return err
	}
	defer rec.stop()
	s := newServer(rec)
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Tracing", "/pages", `{"id":1}`, `{"id":2,"query":"300ms"}`, `{"id":3,"render":"300ms"}`))
	mux.Handle("/pages", s)
	srv := &http.Server{Addr: addr, Handler: mux, ConnContext: serve.SendBuffer(sendBuffer)}
	return serve.Run(srv, 10*time.Second, s.shutdown)
}
