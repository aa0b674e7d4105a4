package main

import (
	"sync"

	"github.com/gorilla/websocket"
)

// A shelf's methods are looked at as those of its instances.
type shelf[K comparable] struct {
	mu    sync.RWMutex
	conns map[K]*websocket.Conn
}

func (r *shelf[K]) send(k K, p []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conns[k].WriteMessage(websocket.TextMessage, p)
}

func (r *shelf[K]) each(do func(K)) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for k := range r.conns {
		do(k)
	}
}

type byName struct{ shelf[string] }

func (b *byName) all(p []byte) {
	b.each(func(k string) { _ = b.send(k, p) })
}

func instances(r *shelf[string], b *byName) {
	go r.send("a", nil)
	_ = r.send("a", nil)
	go b.all(nil)
	go b.all(nil)
	_ = b.send("a", nil)
}
