// Command authz serves rooms to those who have a token that allows it, for as
// long as the token is good.
//
//	authz -addr 127.0.0.1:8084
//	authz token -sub ann -role writer -ttl 5m
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"example.com/systems/internal/serve"
)

func main() {
	run := runServer
	args := os.Args[1:]
	if len(args) > 0 && args[0] == "token" {
		run, args = runToken, args[1:]
	}
	if err := run(args); err != nil {
		log.Fatal(err)
	}
}

const keyUsage = "secret that tokens are signed with"

func runServer(args []string) error {
	fs := flag.NewFlagSet("authz", flag.ExitOnError)
	addr := fs.String("addr", "127.0.0.1:8084", "address to listen on")
	key := fs.String("key", "a key for trying it", keyUsage)
	fs.Parse(args)
	policy, err := newPolicy()
	if err != nil {
		return err
	}
	h := newHub(policy)
	mux := http.NewServeMux()
	mux.Handle("GET /rooms/{room}", authenticate([]byte(*key), authorize(policy, "subscribe", h)))
	return serve.Run(&http.Server{Addr: *addr, Handler: mux}, 10*time.Second, h.shutdown)
}

func runToken(args []string) error {
	fs := flag.NewFlagSet("authz token", flag.ExitOnError)
	key := fs.String("key", "a key for trying it", keyUsage)
	sub := fs.String("sub", "ann", "who it is for")
	role := fs.String("role", "reader", "guest, reader, writer or operator")
	ttl := fs.Duration("ttl", time.Hour, "how long it is good")
	fs.Parse(args)
	token, err := sign([]byte(*key), *sub, *role, time.Now().Add(*ttl))
	if err == nil {
		fmt.Println(token)
	}
	return err
}
