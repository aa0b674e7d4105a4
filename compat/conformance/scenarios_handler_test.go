package conformance

import (
	"fmt"
	"io"
)

// handlerScenarios are about the handlers of control frames.
func handlerScenarios() []scenario {
	fails := func(string) error { return errHandler }
	return []scenario{
		{name: "ping handler instead of the reply", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error { r.note("on ping %q", s); return nil })
			r.readAll()
		}},
		{name: "ping handler fails", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(fails)
			r.readAll()
			r.aftermath()
		}},
		{name: "pong handler fails", in: []interface{}{pong("p"), text("x")}, play: func(r *run) {
			r.c.SetPongHandler(fails)
			r.readAll()
			r.aftermath()
		}},
		{name: "close handler fails", in: []interface{}{closing(1000, ""), text("x")}, play: func(r *run) {
			r.c.SetCloseHandler(func(int, string) error { return errHandler })
			r.readAll()
			r.aftermath()
		}},
		{name: "ping handler fails in a message", in: []interface{}{begin("a"), ping("p"), end("b"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(fails)
			r.readAll()
			r.aftermath()
		}},
		{name: "ping handler fails while discarding", in: []interface{}{begin("a"), ping("p"), end("b"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(fails)
			r.nextReader()
			r.nextReader()
			r.aftermath()
		}},
		{name: "ping handler returns io.EOF", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { return io.EOF })
			r.readAll()
			r.aftermath()
		}},
		{name: "ping handler returns io.EOF in a message", in: []interface{}{begin("a"), ping("p"), end("b"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { return io.EOF })
			r.readAll()
			r.aftermath()
		}},
		{name: "ping handler returns io.EOF to a reader", in: []interface{}{begin("a"), ping("p"), end("b"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { return io.EOF })
			rd := r.nextReader()
			r.readRest(rd)
			r.readPart(rd, 1)
			r.nextReader()
		}},
		{name: "close handler does not reply", in: []interface{}{closing(1000, "")}, play: func(r *run) {
			r.c.SetCloseHandler(func(code int, s string) error { r.note("on close %d %q", code, s); return nil })
			r.readAll()
			r.write(textMessage, "still open")
			r.control(closeMessage, "\x03\xe8")
			r.aftermath()
		}},
		{name: "close handler for what is not sent", in: []interface{}{closing(1005, "")}, play: func(r *run) {
			r.c.SetCloseHandler(func(code int, s string) error { r.note("on close %d %q", code, s); return nil })
			r.readAll()
			r.aftermath()
		}},
		{name: "handlers set to nil are the default ones", in: []interface{}{ping("p"), pong("q"), closing(1001, "r")}, play: func(r *run) {
			r.c.SetPingHandler(fails)
			r.c.SetPongHandler(fails)
			r.c.SetCloseHandler(func(int, string) error { return errHandler })
			r.c.SetPingHandler(nil)
			r.c.SetPongHandler(nil)
			r.c.SetCloseHandler(nil)
			r.readAll()
			r.aftermath()
		}},
		{name: "handlers are given back", play: func(r *run) {
			r.c.SetPingHandler(fails)
			r.c.SetPongHandler(fails)
			r.c.SetCloseHandler(func(int, string) error { return errHandler })
			r.did("ping", r.c.PingHandler()(""))
			r.did("pong", r.c.PongHandler()(""))
			r.did("close", r.c.CloseHandler()(1000, ""))
		}},
		{name: "default handlers called by hand", play: func(r *run) {
			r.did("ping", r.c.PingHandler()("p"))
			r.did("pong", r.c.PongHandler()("q"))
			r.did("close", r.c.CloseHandler()(1000, "r"))
			r.did("ping", r.c.PingHandler()("p"))
			r.did("close", r.c.CloseHandler()(1005, ""))
		}},
		{name: "handler writes messages", in: []interface{}{ping("p"), begin("a"), ping("q"), end("b")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error {
				r.write(textMessage, "from the handler")
				r.control(pongMessage, s)
				return nil
			})
			r.readAll()
		}},
		{name: "handler closes", in: []interface{}{text("a"), ping("p"), text("b")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error {
				r.close()
				return nil
			})
			r.read()
			r.read()
			r.aftermath()
		}},
		{name: "handler closes in a message", in: []interface{}{begin("a"), ping("p"), end("b")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error {
				r.close()
				return errHandler
			})
			r.read()
			r.aftermath()
		}},
		{name: "handler sends a close frame", in: []interface{}{ping("p"), ping("q"), text("x"), closing(1000, "")}, play: func(r *run) {
			onPing := r.c.PingHandler()
			r.c.SetPingHandler(func(s string) error {
				r.control(closeMessage, "\x03\xe9bye")
				return onPing(s)
			})
			r.readAll()
			r.aftermath()
		}},
		{name: "handler sets another handler", in: []interface{}{ping("p"), ping("q"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error {
				r.note("first %q", s)
				r.c.SetPingHandler(func(s string) error { r.note("second %q", s); return nil })
				return nil
			})
			r.readAll()
		}},
		{name: "handler panics", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(s string) error { panic("in the handler") })
			r.catch(func() { r.read() })
			r.read()
			r.write(textMessage, "after")
		}},
		{name: "reply to a ping fails", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.conn.failWrites(errWrite)
			r.readAll()
			r.conn.failWrites(nil)
			r.aftermath()
		}},
		{name: "reply to a ping times out", in: []interface{}{ping("p"), text("x")}, play: func(r *run) {
			r.conn.failWrites(timeout{})
			r.readAll()
			r.conn.failWrites(nil)
			r.aftermath()
		}},
		{name: "reply to a close fails", in: []interface{}{closing(1000, "")}, play: func(r *run) {
			r.conn.failWrites(errWrite)
			r.readAll()
			r.conn.failWrites(nil)
			r.aftermath()
		}},
	}
}

// timeout is a net.Error that is temporary too, as a timeout of the standard
// library is.
type timeout struct{}

func (timeout) Error() string   { return "the network times out" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// jsonScenarios are about ReadJSON.
func jsonScenarios() []scenario {
	play := func(r *run) {
		for i := 0; i < 3; i++ {
			var v interface{}
			err := r.c.ReadJSON(&v)
			r.did("read JSON", fmt.Sprintf("%v", v), err)
		}
	}
	return []scenario{
		{name: "JSON", in: []interface{}{text(`{"a":1}`), bin(`[2,3]`), begin(`"x`), end(`y"`)}, play: play},
		{name: "JSON with more behind it", in: []interface{}{text(`1 2 garbage`), text(`3`), closing(1000, "")}, play: play},
		{name: "JSON that ends early", in: []interface{}{text(`{"a":`), text(`"`), text("4")}, play: play},
		{name: "JSON that is empty", in: []interface{}{text(""), text("  "), text("5")}, play: play},
		{name: "JSON that is none", in: []interface{}{text("nonsense"), text(`{"a":}`), text("6")}, play: play},
		{name: "JSON of a stream that ends", in: []interface{}{begin(`{"a":1}`)}, play: play},
		{name: "JSON of another type", in: []interface{}{text(`"text"`), text("7")}, play: func(r *run) {
			var n int
			r.did("read JSON", r.c.ReadJSON(&n))
			r.did("read JSON", r.c.ReadJSON(&n))
			r.note("%d", n)
		}},
	}
}
