package main

import (
	"context"
	"crypto/rand"
	"log"

	"github.com/bits-and-blooms/bloom/v3"
	"github.com/redis/go-redis/v9"
)

const (
	generation = 100000 // ids in one filter
	falseRate  = 0.001
	batch      = 64 // ids that Redis is told of at once
)

// A deduplicator knows which messages have come to this process. What came is
// in Redis, and a Bloom filter in front of it knows most of what did not, so
// that new messages wait for no answer. It belongs to one goroutine.
type deduplicator struct {
	redis   *redis.Client
	prefix  string // of the keys of this process
	now     *bloom.BloomFilter
	before  *bloom.BloomFilter // full
	added   int
	pending []string // in the filter, and not yet in Redis
}

func newDeduplicator(client *redis.Client) *deduplicator {
	return &deduplicator{
		redis:  client,
		prefix: "broadcast:came:" + rand.Text() + ":",
		now:    bloom.NewWithEstimates(generation, falseRate),
		before: bloom.NewWithEstimates(1, falseRate),
	}
}

// first reports whether id has not come before.
func (d *deduplicator) first(ctx context.Context, id string) bool {
	known := d.before.TestString(id) || d.now.TestString(id)
	if !known {
		d.add(id)
		if d.pending = append(d.pending, id); len(d.pending) == batch {
			d.flush(ctx)
		}
		return true
	}
	// The filter may be wrong. Redis is not, once it knows all.
	d.flush(ctx)
	var isNew bool
	retry(ctx, func() (err error) {
		isNew, err = d.redis.SetNX(ctx, d.prefix+id, 1, remember).Result()
		return err
	})
	return isNew
}

func (d *deduplicator) add(id string) {
	if d.added++; d.added > generation {
		d.before, d.now, d.added = d.now, bloom.NewWithEstimates(generation, falseRate), 1
	}
	d.now.AddString(id)
}

// flush tells Redis what is pending.
func (d *deduplicator) flush(ctx context.Context) {
	if len(d.pending) == 0 {
		return
	}
	_, err := d.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for _, id := range d.pending {
			p.Set(ctx, d.prefix+id, 1, remember)
		}
		return nil
	})
	if err != nil {
		log.Printf("redis: %v", err)
		return // the next flush tries again
	}
	d.pending = d.pending[:0]
}
