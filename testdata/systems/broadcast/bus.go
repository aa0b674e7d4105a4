package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A message is published once, however often it is sent. Seq is its place in
// the order of all messages, which Redis gives it.
type message struct {
	Seq  string `json:"seq"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

const (
	channel  = "broadcast"        // of Pub/Sub: what is live
	stream   = "broadcast:stream" // what can be caught up with
	idPrefix = "broadcast:id:"    // the messages that have been published
	remember = time.Hour          // for how long they are known
	keep     = 10000              // messages of the stream
)

// publishScript publishes a message unless its id is known. All of it happens,
// or nothing.
var publishScript = redis.NewScript(`
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[1]) then
	return false
end
local seq = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'id', ARGV[3], 'text', ARGV[4])
redis.call('PUBLISH', KEYS[3], cjson.encode({seq = seq, id = ARGV[3], text = ARGV[4]}))
return seq
`)

// bus is what the processes have in common.
type bus struct {
	redis *redis.Client
	seen  *deduplicator
}

func newBus(client *redis.Client) *bus { return &bus{client, newDeduplicator(client)} }

// publish reports whether the message is new.
func (b *bus) publish(ctx context.Context, id, text string) (bool, error) {
	keys := []string{idPrefix + id, stream, channel}
	err := publishScript.Run(ctx, b.redis, keys, int(remember/time.Second), keep, id, text).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// since returns the messages of the stream behind last.
func (b *bus) since(ctx context.Context, last string) ([]message, error) {
	entries, err := b.redis.XRange(ctx, stream, "("+last, "+").Result()
	if err != nil {
		return nil, err
	}
	var all []message
	for _, e := range entries {
		id, _ := e.Values["id"].(string)
		text, _ := e.Values["text"].(string)
		all = append(all, message{e.ID, id, text})
	}
	return all, nil
}

// follow calls deliver for each message from now on, once and in order, until
// ctx ends. Pub/Sub loses what is published while nobody listens: whenever the
// subscription stands anew, what the stream has since is delivered first.
func (b *bus) follow(ctx context.Context, deliver func(message)) {
	last := b.newest(ctx)
	once := func(m message) {
		if b.seen.first(ctx, m.ID) {
			deliver(m)
			last = m.Seq
		}
	}
	sub := b.redis.Subscribe(ctx, channel)
	defer sub.Close()
	events := sub.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(time.Second))
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-events:
			switch event := event.(type) {
			case *redis.Subscription:
				var missed []message
				retry(ctx, func() (err error) {
					missed, err = b.since(ctx, last)
					return err
				})
				for _, m := range missed {
					once(m)
				}
				log.Printf("subscribed, %d messages caught up", len(missed))
			case *redis.Message:
				var m message
				if err := json.Unmarshal([]byte(event.Payload), &m); err != nil {
					log.Printf("on the channel: %v", err)
					continue
				}
				once(m)
			}
		}
	}
}

// newest returns the last message's place in the stream.
func (b *bus) newest(ctx context.Context) string {
	last := "0-0"
	retry(ctx, func() error {
		entries, err := b.redis.XRevRangeN(ctx, stream, "+", "-", 1).Result()
		if len(entries) > 0 {
			last = entries[0].ID
		}
		return err
	})
	return last
}

// retry calls try until it succeeds or ctx ends.
func retry(ctx context.Context, try func() error) {
	for {
		err := try()
		if err == nil {
			return
		}
		log.Printf("redis: %v", err)
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
}

// after reports whether the place seq is behind the place last.
func after(seq, last string) bool {
	ms, n := split(seq)
	lastMS, lastN := split(last)
	return ms > lastMS || ms == lastMS && n > lastN
}

func split(seq string) (ms, n uint64) {
	a, b, _ := strings.Cut(seq, "-")
	ms, _ = strconv.ParseUint(a, 10, 64)
	n, _ = strconv.ParseUint(b, 10, 64)
	return ms, n
}
