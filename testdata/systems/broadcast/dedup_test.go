package main

import (
	"context"
	"fmt"
	"testing"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/redis/go-redis/v9"

	"example.com/systems/internal/daemons"
)

func TestDeduplicator(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: daemons.StartRedis(t).Addr()})
	defer client.Close()
	for name, change := range map[string]func(*deduplicator){
		"a filter":                      func(*deduplicator) {},
		"a filter that takes all known": func(d *deduplicator) { d.before = bloom.From([]uint64{^uint64(0)}, 1) },
		"a filter that is full":         func(d *deduplicator) { d.added = generation - batch },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDeduplicator(client)
			change(d)
			const ids = 3 * batch / 2
			for round := range 3 {
				for i := range ids {
					if got := d.first(context.Background(), fmt.Sprint(i)); got != (round == 0) {
						t.Fatalf("round %d: %d comes first: %t", round, i, got)
					}
				}
			}
		})
	}
}
