package conformance

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// preparedScenarios are about prepared messages.
func preparedScenarios() []scenario {
	prepare := func(r *run, messageType int, data string) func() {
		p := []byte(data)
		send, err := r.prepare(messageType, p)
		r.did(fmt.Sprintf("prepare %d", messageType), err)
		for i := range p {
			p[i] = '!' // it has to be a copy
		}
		return func() { r.did("send", send(r.c)) }
	}
	return []scenario{
		{name: "prepared messages", play: func(r *run) {
			hello := prepare(r, textMessage, "hello")
			hello()
			prepare(r, binaryMessage, "\x00")()
			prepare(r, textMessage, "")()
			hello()
			prepare(r, binaryMessage, strings.Repeat("x", 70000))()
		}},
		{name: "prepared control frames", play: func(r *run) {
			prepare(r, pingMessage, "p")()
			prepare(r, pongMessage, "")()
			bye := prepare(r, closeMessage, "\x03\xe8")
			bye()
			bye()
			prepare(r, textMessage, "late")()
			r.write(textMessage, "late")
		}},
		{name: "prepared messages that cannot be", play: func(r *run) {
			for _, mt := range []int{-1, 0, 3, 11} {
				_, err := r.prepare(mt, nil)
				r.did(fmt.Sprintf("prepare %d", mt), err)
			}
			_, err := r.prepare(pingMessage, make([]byte, 126))
			r.did("prepare a long ping", err)
		}},
		{name: "prepared message after close", play: func(r *run) {
			hello := prepare(r, textMessage, "hello")
			r.close()
			hello()
			hello()
		}},
		{name: "prepared message fails", play: func(r *run) {
			hello := prepare(r, textMessage, "hello")
			r.conn.failWrites(errWrite)
			hello()
			r.conn.failWrites(nil)
			hello()
			r.write(textMessage, "x")
		}},
		{name: "prepared message sent twice", only: client, play: func(r *run) {
			send, err := r.prepare(textMessage, []byte("hello"))
			r.did("prepare", err)
			r.note("send %v", send(r.c))
			first := r.conn.takeWritten()
			r.note("send %v", send(r.c))
			second := r.conn.takeWritten()
			r.note("the same bytes: %v", bytes.Equal(first, second))
		}},
		{name: "prepared message with nothing sent by an open writer", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "buffered")
			prepare(r, textMessage, "prepared")()
			r.writePart(w, " more")
			r.closeWriter(w)
		}},
		{name: "prepared message between fragments", options: options{writeBuffer: 64}, play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, strings.Repeat("x", 70))
			prepare(r, textMessage, "prepared")()
			r.writePart(w, "y")
			r.closeWriter(w)
		}},
	}
}

// preparedEverywhere sends one message on connections of every kind, some
// twice.
func preparedEverywhere(t *testing.T, l *library) []string {
	r := newRun(l, t)
	for _, messageType := range []int{textMessage, pingMessage} {
		send, err := l.prepare(messageType, []byte(strings.Repeat("words and words, ", 7)))
		r.did("prepare", err)
		for i := 0; i < 2; i++ {
			for _, as := range []role{server, client} {
				for _, level := range []int{-10, -2, 1, 9} { // -10 is without compression
					r.conn = newScriptConn(nil)
					o := options{compress: level > -10}
					var c wsConn
					if as == server {
						c, err = l.acceptOn(r.conn, o)
					} else {
						c, err = l.dialOn(r.conn, o)
					}
					if err != nil {
						t.Fatal(err)
					}
					if o.compress {
						c.SetCompressionLevel(level)
					}
					r.did(fmt.Sprintf("%s, level %d", as, level), send(c))
					c.Close()
				}
			}
		}
	}
	return r.lines
}

// watchedPool is a pool of one buffer that shows whether it has it.
type watchedPool struct{ v interface{} }

func (p *watchedPool) Get() interface{}  { v := p.v; p.v = nil; return v }
func (p *watchedPool) Put(v interface{}) { p.v = v }

// poolScenarios are about when a connection holds a buffer of its pool.
func poolScenarios() []scenario {
	pooled := func(name string, play func(r *run, look func())) scenario {
		pool := new(watchedPool)
		return scenario{name: name, options: options{writeBuffer: 64, pool: pool}, play: func(r *run) {
			pool.v = nil
			play(r, func() { r.note("in the pool: %v", pool.v != nil) })
		}}
	}
	return []scenario{
		pooled("pool and messages", func(r *run, look func()) {
			look()
			r.write(textMessage, "a")
			look()
			r.write(binaryMessage, strings.Repeat("x", 200))
			look()
			r.control(pingMessage, "p")
			look()
			r.write(0, "x")
			look()
		}),
		pooled("pool and writers", func(r *run, look func()) {
			r.write(textMessage, "a")
			look()
			w := r.nextWriter(textMessage)
			look()
			r.writePart(w, "a")
			look()
			r.closeWriter(w)
			look()
			r.writePart(w, "late")
			look()
			first := r.nextWriter(textMessage)
			second := r.nextWriter(textMessage)
			look()
			r.closeWriter(first)
			look()
			r.closeWriter(second)
			look()
		}),
		pooled("pool and failures", func(r *run, look func()) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.conn.failWrites(errWrite)
			r.closeWriter(w)
			look()
			r.conn.failWrites(nil)
			r.write(textMessage, "b")
			look()
		}),
		pooled("pool and a long control frame", func(r *run, look func()) {
			w := r.nextWriter(pingMessage)
			r.writePart(w, strings.Repeat("x", 70))
			look()
			r.closeWriter(w)
			look()
		}),
	}
}
