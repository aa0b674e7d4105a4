package flow_test

// cases hold what must be one cluster and what must be two, and where
// clusters meet what cannot be changed.
var cases = []struct{ name, src string }{
	{"two functions share nothing", `
func f(c *websocket.Conn) { c.Close() } //A
func g(c *websocket.Conn) { c.Close() } //B
`},
	{"argument and parameter", `
func f(c *websocket.Conn) { g(c) } //A
func g(c *websocket.Conn) { c.Close() } //A
`},
	{"result and variable", `
func f() *websocket.Conn { return nil } //A
func g() { c := f(); c.Close() } //A
func h(c *websocket.Conn) { c.Close() } //B
`},
	{"several results", `
func f() (int, *websocket.Conn, error) { return 0, nil, nil } //A
func g() (n int, c *websocket.Conn, err error) { return f() } //A
func h() { _, c, _ := g(); c.Close() } //A
`},
	{"field of a struct", `
type hub struct{ conn, spare *websocket.Conn } //A
func (h *hub) close() { h.conn.Close() } //A
func newHub(c *websocket.Conn) *hub { return &hub{conn: c} } //A
func other(c *websocket.Conn) { c.Close() } //B
`},
	{"fields of one struct are apart", `
type pair struct {
	in  *websocket.Conn //A
	out *websocket.Conn //B
}
func (p pair) closeIn() { p.in.Close() } //A
func (p pair) closeOut() { p.out.Close() } //B
`},
	{"literal without keys", `
type pair struct {
	n int
	c *websocket.Conn //A
}
func f(c *websocket.Conn) pair { return pair{1, c} } //A
`},
	{"map, slice and array elements", `
var m = map[string]*websocket.Conn{} //A
var s []*websocket.Conn //A
func f(c *websocket.Conn) { m["x"] = c; s = append(s, m["x"]) } //A
func g() { for _, c := range s { c.Close() } } //A
var other [2]*websocket.Conn //B
func h() { other[0].Close() } //B
`},
	{"map key", `
var m = map[*websocket.Conn]bool{} //A
func f(c *websocket.Conn) { delete(m, c) } //A
func g() { for c := range m { c.Close() } } //A
`},
	{"error of a dial beside another cluster", `
var up = &websocket.Upgrader{} //A
func dial(url string) error {
	_, _, err := websocket.DefaultDialer.Dial(url, nil) //B
	return err
}
func f() bool {
	up = &websocket.Upgrader{} //A
	return dial("") == websocket.ErrBadHandshake //B
}
`},
	{"error of an upgrade beside another cluster", `
-- main.go --
package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

func main() {}

var up = &websocket.Upgrader{} //A
func serve(w http.ResponseWriter, r *http.Request) error {
	_, err := up.Upgrade(w, r, nil) //A
	return err
}
func f() bool {
	_, _, err := websocket.DefaultDialer.Dial("", nil) //B
	if err == nil {
		err = serve(nil, nil)
	}
	_, ok := err.(websocket.HandshakeError) //A
	return ok
}
`},
	{"close error of a connection that is read elsewhere", `
type conn interface{ ReadMessage() (int, []byte, error) }
func read(c conn) error { _, _, err := c.ReadMessage(); return err }
func f(c *websocket.Conn) bool { //A
	return websocket.IsCloseError(read(c), 1000) //A interface
}
func g(c *websocket.Conn) { c.ReadMessage() } //B
`},
	{"close error that a callback gets", `
var handle func(error)
func f(c *websocket.Conn) { //A
	if _, _, err := c.ReadMessage(); err != nil { //A
		handle(err)
	}
}
func g(c *websocket.Conn) { //A
	handle = func(err error) {
		if websocket.IsCloseError(err, 1000) { //A
			c.Close() //A
		}
	}
}
`},
	{"literal of an error beside reads", `
func f(c *websocket.Conn) error { //A
	if _, _, err := c.ReadMessage(); err != nil { //A
		return err
	}
	return &websocket.CloseError{Code: 1000} //A
}
`},
	{"error that nothing makes", `
func f(c *websocket.Conn) bool { //A
	return c.Close() == websocket.ErrBadHandshake //A
}
`},
	{"channel", `
var ch = make(chan *websocket.Conn) //A
func f(c *websocket.Conn) { ch <- c } //A
func g() { c := <-ch; c.Close() } //A
func h() { for c := range ch { c.Close() } } //A
func i() { select { case c, ok := <-ch: _ = ok; c.Close() } } //A
func j(c *websocket.Conn) { c.Close() } //B
`},
	{"closure", `
func f(c *websocket.Conn) func() { return func() { c.Close() } } //A
`},
	{"function value in a field", `
type server struct{ handle func(*websocket.Conn) } //A
func f(s *server) { s.handle = func(c *websocket.Conn) { c.Close() } } //A
func g(s *server, c *websocket.Conn) { s.handle(c) } //A
`},
	{"named function type and method value", `
type handler func(c *websocket.Conn) //A
type app struct{}
func (app) serve(c *websocket.Conn) { c.Close() } //A
func f(h handler) { h(nil) }
func g() { f(app{}.serve) }
func h(c *websocket.Conn) { c.Close() } //B
`},
	{"upgrader and its connections", `
-- main.go --
package main

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 10} //A

func serve(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil) //A
	if err != nil {
		return
	}
	defer c.Close() //A
}

func main() {
	c, _, err := websocket.DefaultDialer.Dial("ws://localhost", nil) //B
	if err != nil {
		return
	}
	c.Close() //B
}
`},
	{"two dialers by the default one are apart", `
func f() { c, _, _ := websocket.DefaultDialer.Dial("ws://a", nil); c.Close() } //A
func g() { c, _, _ := websocket.DefaultDialer.Dial("ws://b", nil); c.Close() } //B
`},
	{"two dialers by the default one that is changed", `
func f() { websocket.DefaultDialer.HandshakeTimeout = 1 } //A
func g() { c, _, _ := websocket.DefaultDialer.Dial("ws://b", nil); c.Close() } //A
`},
	{"a copy of the default dialer that is changed", `
func f() { d := *websocket.DefaultDialer; d.HandshakeTimeout = 1 } //A
func g() { c, _, _ := websocket.DefaultDialer.Dial("ws://b", nil); c.Close() } //B
`},
	{"printing ties nothing", `
-- main.go --
package main

import (
	"fmt"

	"github.com/gorilla/websocket"
)

func main() {}

func f(c *websocket.Conn) { fmt.Printf("%p", c) } //A
func g(c *websocket.Conn) { fmt.Printf("%p", c) } //B
`},
	{"any, by dynamic type", `
var bag []any
func f(c *websocket.Conn) { bag = append(bag, c) } //A
func g(c *websocket.Conn) { bag = append(bag, any(c)) } //A
func h(v any) { if c, ok := v.(*websocket.Conn); ok { c.Close() } } //A
func i(u *websocket.Upgrader) { bag = append(bag, u) } //B
func j(s []*websocket.Conn) { bag = append(bag, s) } //C
`},
	{"sync.Map and type switch", `
-- main.go --
package main

import (
	"sync"

	"github.com/gorilla/websocket"
)

func main() {}

var m sync.Map

func f(c *websocket.Conn) { m.Store(1, c) } //A
func g() {
	v, _ := m.Load(1)
	switch c := v.(type) {
	case *websocket.Conn: //A
		c.Close() //A
	case *websocket.Dialer: //B
		_ = c.Proxy //B
	}
}
`},
	{"context value", `
-- main.go --
package main

import (
	"context"

	"github.com/gorilla/websocket"
)

func main() {}

type key struct{}

func f(ctx context.Context, c *websocket.Conn) context.Context { //A
	return context.WithValue(ctx, key{}, c)
}
func g(ctx context.Context) { ctx.Value(key{}).(*websocket.Conn).Close() } //A
`},
	{"alias", `
type conn = websocket.Conn //A
func f(c *conn) { c.Close() } //A
func g(c *websocket.Conn) { c.Close() } //B
`},
	{"embedded connection", `
type client struct{ *websocket.Conn } //A
func f(c *client) { c.Close(); c.Conn.Close() } //A
func g(c *websocket.Conn) *client { return &client{c} } //A
`},
	{"embedded connection used as an interface", `
-- main.go --
package main

import (
	"io"

	"github.com/gorilla/websocket"
)

func main() {}

type client struct{ *websocket.Conn } //A

func f(c *client) io.Closer { return c } // interface
`},
	{"connection used as an interface", `
-- main.go --
package main

import (
	"io"

	"github.com/gorilla/websocket"
)

func main() {}

func f(c *websocket.Conn) io.Closer { return c } //A interface
func g(c *websocket.Conn) error { return c.Close() } //B
`},
	{"interface of the tree whose methods mention the library", `
type store interface { add(c *websocket.Conn) } //A
type list struct{ all []*websocket.Conn } //A
func (l *list) add(c *websocket.Conn) { l.all = append(l.all, c) } //A
func newStore() store { return &list{} }
type unrelated struct{}
func (unrelated) add(c *websocket.Conn) { c.Close() } //B
`},
	{"interface that returns itself", `
type node interface {
	parent() node
	conn() *websocket.Conn //A
}
type leaf struct{ c *websocket.Conn } //A
func (l leaf) parent() node { return l }
func (l leaf) conn() *websocket.Conn { return l.c } //A
func f(n node) { n.parent().conn().Close() } //A
`},
	{"generic container of the tree", `
type set[T comparable] map[T]bool
func (s set[T]) add(v T) { s[v] = true }
var conns = set[*websocket.Conn]{} //A
func f(c *websocket.Conn) { conns.add(c) } //A
func g() { for c := range conns { c.Close() } } //A
func h(c *websocket.Conn) { c.Close() } //B
`},
	{"generic functions of the standard library", `
-- main.go --
package main

import (
	"slices"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

func main() {}

var all []*websocket.Conn //A
func f(c *websocket.Conn) int { return slices.Index(all, c) } //A

var current atomic.Pointer[websocket.Conn] //B
func g(c *websocket.Conn) { current.Store(c) } //B
func h() { current.Load().Close() } //B
`},
	{"constraint with methods", `
func closeAll[T interface{ Close() error }](s ...T) { for _, v := range s { v.Close() } }
func f(c *websocket.Conn) { //A
	closeAll(c) // interface
}
`},
	{"comparison", `
type hub struct{ last *websocket.Conn } //A
func (h *hub) is(c *websocket.Conn) bool { return h.last == c } //A
`},
	{"structs converted into each other", `
type a struct{ c *websocket.Conn } //A
type b struct{ c *websocket.Conn } //A
func f(x a) b { return b(x) }
`},
	{"constants go where they are used", `
func f(c *websocket.Conn) { c.WriteMessage(websocket.TextMessage, nil) } //A
func g(c *websocket.Conn) { //B
	typ := websocket.TextMessage //B
	c.WriteMessage(typ, nil) //B
}
`},
	{"close predicates join what is around them", `
func f(c *websocket.Conn) { //A
	if _, _, err := c.ReadMessage(); websocket.IsCloseError(err, websocket.CloseGoingAway) { //A
		return
	}
}
func g(c *websocket.Conn) { c.Close() } //B
`},
	{"reflection and unsafe", `
-- main.go --
package main

import (
	"reflect"
	"unsafe"

	"github.com/gorilla/websocket"
)

func main() {}

func f(c *websocket.Conn) { //A
	_ = reflect.Indirect(reflect.ValueOf(c)).FieldByName("conn") // reflect
}
func g(c *websocket.Conn) unsafe.Pointer { return unsafe.Pointer(c) } //B reflect
func h(c *websocket.Conn) { c.Close() } //C
`},
	{"tests and what they test", `
-- p/p.go --
package p

import "github.com/gorilla/websocket"

type Hub struct{ Conn *websocket.Conn } //A

func (h *Hub) Close() { h.Conn.Close() } //A
-- p/p_test.go --
package p

import "github.com/gorilla/websocket"

func Fake(c *websocket.Conn) *Hub { return &Hub{Conn: c} } //A
-- p/x_test.go --
package p_test

import (
	"app/p"

	"github.com/gorilla/websocket"
)

func use(c *websocket.Conn) { p.Fake(c).Conn.Close() } //A

func own(c *websocket.Conn) { c.Close() } //B
`},
	{"a package that is compiled again for a test", `
-- p/p.go --
package p

import "github.com/gorilla/websocket"

func Close(c *websocket.Conn) { c.Close() } //A
-- p/in_test.go --
package p

const inside = true
-- q/q.go --
package q

import (
	"app/p"

	"github.com/gorilla/websocket"
)

type Holder struct{ Name string; Conn *websocket.Conn } //A

func (h *Holder) Close() { p.Close(h.Conn) }

func New(string, *websocket.Conn) (*Holder, *websocket.Dialer) { return nil, nil } //B

func dial(d *websocket.Dialer) { _, d = New("", nil); d.Proxy = nil } //B
-- p/x_test.go --
package p_test

import (
	"app/q"

	"github.com/gorilla/websocket"
)

func use(h *q.Holder) { h.Conn.Close() } //A

func make(c *websocket.Conn) { q.New("", c) } //B
`},
	{"a package of which a tag adds a file", `
-- q/q.go --
package q

import "github.com/gorilla/websocket"

type Holder struct{ Name string; Conn *websocket.Conn } //A

func (h *Holder) Set(name string, c *websocket.Conn) { h.Conn = c } //A

func Get() (string, *websocket.Conn) { return "", nil } //B
-- p/p.go --
package p

import "app/q"

func Close(h *q.Holder) { h.Conn.Close() } //A

func Use() { _, c := q.Get(); c.Close() } //B
-- p/tagged.go --
//go:build special

package p

import "github.com/gorilla/websocket"

func other(c *websocket.Conn) { c.Close() } //C
`},
	{"across packages without an import", `
-- hub/hub.go --
package hub

import "github.com/gorilla/websocket"

type Hub struct{ c *websocket.Conn } //A

func (h *Hub) Conn() *websocket.Conn { return h.c } //A
-- main.go --
package main

import "app/hub"

func main() { new(hub.Hub).Conn().Close() } //A
`},
	{"files of another platform", `
-- conn.go --
package main

import "github.com/gorilla/websocket"

type hub struct{ c *websocket.Conn } //A

func main() {}
-- close_windows.go --
package main

func (h *hub) close() { h.c.Close() } //A
-- dial_plan9.go --
package main

import "github.com/gorilla/websocket"

func (h *hub) set(c *websocket.Conn) { h.c = c } //A
`},
	{"exported API of a library", `
-- go.mod --
module example.net/lib

$GOMOD
-- lib.go --
package lib

import "github.com/gorilla/websocket"

type Client struct {
	Conn *websocket.Conn //A api
	conn *websocket.Conn //B
}

func New(c *websocket.Conn) *Client { return &Client{conn: c} } //B api

func (c *Client) Close() error { return c.conn.Close() } //B

type inner struct{ Conn *websocket.Conn } //C

type Base struct{ *websocket.Conn } //D api

type shown struct{ Up *websocket.Upgrader } //E api

func Show() *shown { return nil }

func helper(d *websocket.Dialer) { _ = d.Proxy } //F
-- lib_test.go --
package lib

import "github.com/gorilla/websocket"

func Exported(u *websocket.Upgrader) { _ = u.Error } //G
-- cmd/tool/main.go --
package main

import "example.net/lib"

func main() { lib.New(nil).Close() }
`},
	{"packages of an application", `
-- go.mod --
module example.net/app

$GOMOD
-- main.go --
package main

import "example.net/app/chat"

func main() { chat.Serve(nil) }
-- chat/chat.go --
package chat

import "github.com/gorilla/websocket"

func Serve(c *websocket.Conn) { c.Close() } //A
-- other/other.go --
package other

import "github.com/gorilla/websocket"

func Serve(c *websocket.Conn) { c.Close() } //B api
-- internal/in/in.go --
package in

import "github.com/gorilla/websocket"

func Serve(c *websocket.Conn) { c.Close() } //C
`},
	{"a command that is run by its file makes an application", `
-- go.mod --
module example.net/app

$GOMOD
-- chat/chat.go --
package chat

import "github.com/gorilla/websocket"

func Serve(c *websocket.Conn) { c.Close() } //A

func Start() {}
-- server.go --
//go:build ignore

package main

import "example.net/app/chat"

func main() { chat.Start() }
-- client.go --
//go:build ignore

package main

import "github.com/gorilla/websocket"

func main() { websocket.DefaultDialer.Dial("", nil) } //B
`},
	{"an example does not make an application", `
-- go.mod --
module example.net/app

$GOMOD
-- chat/chat.go --
package chat

import "github.com/gorilla/websocket"

func Serve(c *websocket.Conn) { c.Close() } //A api
-- examples/echo/main.go --
package main

import "example.net/app/chat"

func main() { chat.Serve(nil) }
`},
	{"dependency that wants the library's types", `
-- go.mod --
module app

$GOMOD

require example.net/dep v0.0.0

replace example.net/dep => ./dep
-- dep/go.mod --
module example.net/dep

$GOMOD
-- dep/dep.go --
package dep

import "github.com/gorilla/websocket"

type Handler func(c *websocket.Conn)

type Upgrader interface{ Conn() *websocket.Conn }

type Config struct{ Dialer *websocket.Dialer }

func Handle(c *websocket.Conn) {}

func Conn() *websocket.Conn { return nil }
-- main.go --
package main

import (
	"example.net/dep"

	"github.com/gorilla/websocket"
)

func main() {}

func a(c *websocket.Conn) { dep.Handle(c) } //A dependency

func b() { dep.Conn().Close() } //B dependency

var h dep.Handler = func(c *websocket.Conn) { c.Close() } //C dependency

type up struct{ c *websocket.Conn } //D

func (u up) Conn() *websocket.Conn { return u.c } //D

var u dep.Upgrader = up{} // dependency

func d(x *websocket.Dialer) dep.Config { return dep.Config{Dialer: x} } //E dependency

func free(c *websocket.Conn) { c.Close() } //F
`},
	{"generated file", `
-- gen.go --
// Code generated by hand. DO NOT EDIT.

package main

import "github.com/gorilla/websocket"

func gen(c *websocket.Conn) { c.Close() } //A generated
-- main.go --
package main

func main() { gen(nil) }
`},
	{"dot import", `
-- main.go --
package main

import . "github.com/gorilla/websocket"

func main() {}

func f(c *Conn) { c.WriteMessage(TextMessage, nil) } //A
`},
	{"a file with cgo", `
-- main.go --
package main

// int one(void) { return 1; }
import "C"

func (h *hub) close() int { h.c.Close(); return int(C.one()) } //A cgo

func main() {}
-- hub.go --
package main

import "github.com/gorilla/websocket"

type hub struct{ c *websocket.Conn } //A

func other(c *websocket.Conn) { c.Close() } //B
`},
}
