package rules

import (
	"go/ast"
	"strings"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// coder calls functions for pings and pongs, which its options name before
// there is a connection. Where handlers do more than can be left out, the type
// that takes Conn's place gives the options methods of its own, which call the
// handlers that the program sets.

// Types that take the place of Conn, with deadlines and with handlers of pings
// and pongs.
const (
	hookConn     = "hookConn"
	hookAddrConn = "hookAddrConn" // with the network connection
)

// hasHooks reports whether the type of the name has handlers of pings.
func hasHooks(name string) bool { return name == hookConn || name == hookAddrConn }

var (
	hookSetters = []wsapi.Symbol{"Conn.SetPingHandler", "Conn.SetPongHandler"}
	hookGetters = []wsapi.Symbol{"Conn.PingHandler", "Conn.PongHandler"}
)

// wantsHooks reports whether a handler of pings could not be converted
// otherwise, or the program asks for one that is set.
func wantsHooks(u *unit.Unit) bool {
	if u.Wrapped != "" || u.Target.Name != wsapi.TargetCoder.Name {
		return hasHooks(u.Wrapped)
	}
	return refusedAt(u, "Conn.SetPingHandler") || len(u.All(hookSetters...)) > 0 && len(u.Sites(hookGetters...)) > 0
}

// keepHandlers leaves the handlers of pings and pongs to the type that takes
// Conn's place. It refuses what they cannot do there.
func keepHandlers(u *unit.Unit) {
	pongs := controlFrames(u, 10)
	for _, s := range u.Sites(hookSetters...) {
		u.Claim(s)
		h := &pingAction{pongAction: &pongAction{site: s, file: s.File}, u: u, frames: pongs}
		call := unit.Call(s)
		if call == nil || len(call.Args) != 1 || unit.IsNil(s.File, call.Args[0]) {
			continue
		}
		if h.find(call.Args[0]); h.body != nil && !h.keep() {
			return
		}
		text := "an error of the pong handler closes the connection, and the read fails with net.ErrClosed"
		if s.Symbol == "Conn.SetPingHandler" {
			text = "the pong is sent when the ping handler has returned, within five seconds; an error of the handler closes the connection, and the read fails with net.ErrClosed"
		}
		u.Note(s.File, s.Ident.Pos(), "handler", text)
	}
	u.Claim(u.Sites(hookGetters...)...)
	for _, fr := range controlFrames(u, 9) {
		if !needHelper(u, fr.file, fr.call.Pos(), "pingInBackground") {
			return
		}
		fr.claim(u)
		u.Replace(fr.file, fr.call.Pos(), fr.call.End(), "pingInBackground("+u.Context(fr.file, fr.c)+", "+fr.arg(u)+", "+u.Import(fr.file, "time", "time")+".Minute, nil)")
		u.Note(fr.file, fr.pos(), "handler", lateNote)
	}
}

// keep has the pongs that the handler sends sent for it. It reports false after
// refusing.
func (a *pingAction) keep() bool {
	u, f := a.u, a.file
	refuse := func(text string) bool {
		u.RefuseSite(a.site, text+", and "+noPingHook(u), "with coder, let OnPingReceived and OnPongReceived do what the handlers do")
		return false
	}
	for _, s := range u.Within(f, a.body) {
		switch s.Symbol {
		case "Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON":
			return refuse("the handler reads")
		}
	}
	if a.data != nil && a.site.Symbol == "Conn.SetPongHandler" {
		if len(controlFrames(u, 9)) > 0 && countUses(f, a.body, a.data) > 0 {
			if why := a.asks(); why != "" {
				return refuse(why)
			}
			u.Note(f, a.site.Ident.Pos(), "handler", "the pong handler gets the payload that the library has given the ping")
		}
	}
	if why := a.tells(); why != "" {
		return refuse(why)
	}
	if a.site.Symbol != "Conn.SetPingHandler" {
		return true
	}
	if a.decl != nil {
		if calls, all := u.Calls(f, cursorOf(f, a.decl)); len(calls) > 0 && !all {
			return refuse("the ping handler is called elsewhere too")
		}
	}
	for c := range cursorOf(f, a.body).Preorder((*ast.CallExpr)(nil)) {
		call := c.Node().(*ast.CallExpr)
		fr, arg, why := a.pong(call)
		if why == "" && fr != nil {
			why = a.payload(f, arg)
		}
		if why == "" && fr != nil {
			fn, ok := unit.Func(c)
			if k, _ := c.ParentEdge(); !ok || k == edge.GoStmt_Call || cursorOf(f, a.body).Parent().Node() != fn.Node() {
				why = "the pong may be sent when the ping handler has returned"
			}
		}
		if why != "" {
			return refuse(why)
		}
		if fr == nil || !u.Once(fr.call) {
			continue
		}
		fr.claim(u)
		u.Replace(fr.file, fr.call.Pos(), fr.call.End(), append([]any{fr.conn + ".answer("}, stringOf(fr.file, fr.data)...)...)
	}
	if a.empty {
		u.Note(f, a.site.Ident.Pos(), "handler", emptyNote)
	}
	return true
}

// stringOf returns a payload as a string, with the closing parenthesis of the
// call that it is for.
func stringOf(f *flow.File, e ast.Expr) []any {
	if emptyPayload(f, e) {
		return []any{`"")`}
	}
	if x := unwrapBytes(f, e); x != e {
		return []any{x, ")"}
	}
	return []any{"string(", e, "))"}
}

// hookConnHelpers returns the helpers that make a type with deadlines one with
// handlers of pings and pongs.
func hookConnHelpers(typ string) []Helper {
	embedded := embeddedWrapper(typ)
	accept, dial := "acceptedConn(websocket.Accept(w, r, &o))", "dialledConn(websocket.Dial(ctx, url, &o))"
	if embedded == deadlineAddrConn {
		accept, dial = "acceptedAddrConn(acceptAddrConn(w, r, &o))", "dialledAddrConn(dialAddrConn(ctx, url, &o))"
	}
	r := strings.NewReplacer("TYPE", typ, "NAME", upperFirst(typ), "EMBEDDED", embedded, "ACCEPT", accept, "DIAL", dial)
	return []Helper{
		{typ, []string{"context", "sync/atomic", "TARGET"}, r.Replace(hookConnHelper)},
		{"accept" + upperFirst(typ), []string{"net/http", "TARGET"}, r.Replace(acceptHookHelper)},
		{"dial" + upperFirst(typ), []string{"context", "net/http", "TARGET"}, r.Replace(dialHookHelper)},
	}
}

// hookHead is pongConnHead for a type with hooks: the options get them before
// the handshake.
func hookHead(u *unit.Unit, s *flow.Site, verb, open string) (string, string, bool) {
	if !strings.HasSuffix(open, ".Accept(") && !strings.HasSuffix(open, ".Dial(") && !strings.HasSuffix(open, "AddrConn(") {
		u.RefuseSite(s, "the options of the handshake are made elsewhere, and coder's hooks are among them", wrapHelp)
		return "", "", false
	}
	name := map[string]string{"accepted": "accept", "dialled": "dial"}[verb] + upperFirst(u.Wrapper)
	return name + "(", "", useHelper(u, s, name)
}

const hookConnHelper = `
// A TYPE is a connection with handlers of pings and pongs, which reads call.
type TYPE struct {
	*EMBEDDED
	ping, pong atomic.Value // func(string) error
	handling   atomic.Bool
	answered   bool // by the ping handler that runs
}

// SetPingHandler sets what is called with the payload of a ping, and calls
// answer to have it answered. An error of it closes the connection.
func (c *TYPE) SetPingHandler(h func(string) error) { c.ping.Store(h) }

// SetPongHandler sets what is called with the payload of a pong. An error of it
// closes the connection.
func (c *TYPE) SetPongHandler(h func(string) error) { c.pong.Store(h) }

// PingHandler returns what is called for a ping.
func (c *TYPE) PingHandler() func(string) error {
	if h, _ := c.ping.Load().(func(string) error); h != nil {
		return h
	}
	return c.answer
}

// PongHandler returns what is called for a pong.
func (c *TYPE) PongHandler() func(string) error {
	if h, _ := c.pong.Load().(func(string) error); h != nil {
		return h
	}
	return func(string) error { return nil }
}

// answer has the pong sent once the ping handler that calls it has returned.
func (c *TYPE) answer(string) error {
	c.answered = true
	return nil
}

// handle calls a handler from a read.
func (c *TYPE) handle(h func(string) error, p []byte) bool {
	c.handling.Store(true)
	defer c.handling.Store(false)
	err := h(string(p))
	if err != nil {
		c.CloseNow()
	}
	return err == nil
}

func (c *TYPE) onPing(_ context.Context, p []byte) bool {
	c.answered = false
	return c.handle(c.PingHandler(), p) && c.answered
}

func (c *TYPE) onPong(_ context.Context, p []byte) { c.handle(c.PongHandler(), p) }

// CloseNow closes the connection. It does so in the background while a handler
// runs, since it would wait for the read that has called the handler.
func (c *TYPE) CloseNow() error {
	if c.handling.Load() {
		go c.EMBEDDED.CloseNow()
		return nil
	}
	return c.EMBEDDED.CloseNow()
}

// Close closes the connection with a close frame, in the background as CloseNow
// does.
func (c *TYPE) Close(code websocket.StatusCode, reason string) error {
	if c.handling.Load() {
		go c.EMBEDDED.Close(code, reason)
		return nil
	}
	return c.EMBEDDED.Close(code, reason)
}
`

const acceptHookHelper = `
// acceptNAME accepts a connection with handlers of pings and pongs.
func acceptNAME(w http.ResponseWriter, r *http.Request, opts *websocket.AcceptOptions) (*TYPE, error) {
	var o websocket.AcceptOptions
	if opts != nil {
		o = *opts
	}
	c := &TYPE{}
	o.OnPingReceived, o.OnPongReceived = c.onPing, c.onPong
	var err error
	if c.EMBEDDED, err = ACCEPT; err != nil {
		return nil, err
	}
	return c, nil
}
`

const dialHookHelper = `
// dialNAME opens a connection with handlers of pings and pongs.
func dialNAME(ctx context.Context, url string, opts *websocket.DialOptions) (*TYPE, *http.Response, error) {
	var o websocket.DialOptions
	if opts != nil {
		o = *opts
	}
	c := &TYPE{}
	o.OnPingReceived, o.OnPongReceived = c.onPing, c.onPong
	conn, resp, err := DIAL
	if err != nil {
		return nil, resp, err
	}
	c.EMBEDDED = conn
	return c, resp, nil
}
`
