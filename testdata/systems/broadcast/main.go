// Command broadcast passes messages to everybody who listens, on whichever of
// several processes they do. Redis is between the processes.
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"

	"example.com/systems/internal/serve"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8089", "address to listen on")
	redisAddr := flag.String("redis", "127.0.0.1:6379", "address of Redis")
	flag.Parse()

	client := redis.NewClient(&redis.Options{Addr: *redisAddr, DialTimeout: 2 * time.Second})
	defer client.Close()
	if err := client.Ping(context.Background()).Err(); err != nil {
		log.Fatalf("redis: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := newHub(newBus(client))
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		h.bus.follow(ctx, h.deliver)
	}()

	mux := http.NewServeMux()
	mux.Handle("/", serve.Page("Broadcast", "/feed?last=0"))
	mux.HandleFunc("/feed", h.feed)
	mux.HandleFunc("/publish", h.publish)
	err := serve.Run(&http.Server{Addr: *addr, Handler: mux}, 10*time.Second, h.shutdown)
	cancel()
	<-followed
	if err != nil {
		log.Fatal(err)
	}
}
