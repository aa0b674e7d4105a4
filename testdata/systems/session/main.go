// Command session keeps a document that its owners see change, over
// connections that break: nothing is lost and nothing comes twice.
//
//	session -addr 127.0.0.1:8083
//	session client -url ws://127.0.0.1:8083/session -id 1
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/systems/internal/serve"
	"example.com/systems/session/client"
)

func main() {
	run := runServer
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "client" {
		run, args = runClient, args[1:]
	}
	if err := run(args); err != nil {
		log.Fatal(err)
	}
}

func runServer(args []string) error {
	var opts options
	fs := flag.NewFlagSet("session", flag.ExitOnError)
	addr := fs.String("addr", "127.0.0.1:8083", "address to listen on")
	fs.IntVar(&opts.keep, "keep", 1000, "changes kept for those who come back")
	fs.DurationVar(&opts.ping, "ping", 30*time.Second, "time between two pings")
	fs.DurationVar(&opts.dead, "dead", 60*time.Second, "a peer that is silent for so long is dead")
	fs.Parse(args)

	s := newServer(opts)
	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Session", "/session?id=1&last_seq_id=0", `{"id":1,"key":"a","value":"1"}`))
	mux.HandleFunc("/session", s.serve)
	mux.HandleFunc("/document", s.document)
	return serve.Run(&http.Server{Addr: *addr, Handler: mux}, 10*time.Second, s.shutdown)
}

// runClient prints what happens, and sends each line KEY VALUE of its input as
// a change.
func runClient(args []string) error {
	c := &client.Client{
		OnState: func(connected bool) { fmt.Printf("connected %t\n", connected) },
		OnMessage: func(m client.Message) {
			if m.Type == "ack" {
				fmt.Printf("arrived %d\n", m.Ack)
				return
			}
			fmt.Printf("%s %d %s=%s\n", m.Type, m.Seq, m.Key, m.Value)
		},
	}
	fs := flag.NewFlagSet("session client", flag.ExitOnError)
	fs.StringVar(&c.URL, "url", "ws://127.0.0.1:8083/session", "URL of the server")
	fs.StringVar(&c.ID, "id", "1", "whose document it is")
	fs.DurationVar(&c.Dead, "dead", 60*time.Second, "a server that is silent for so long is dead")
	fs.DurationVar(&c.Backoff.Min, "backoff-min", time.Second, "wait before the first try to connect again")
	fs.DurationVar(&c.Backoff.Max, "backoff-max", 32*time.Second, "longest wait before a try to connect again")
	fs.Parse(args)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			var key, value string
			fmt.Sscan(lines.Text(), &key, &value)
			c.Set(key, value)
		}
	}()
	return c.Run(ctx)
}
