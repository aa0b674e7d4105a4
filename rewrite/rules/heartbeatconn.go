package rules

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A heartbeat whose handler means nothing where the pings are written, say
// because the time to wait is a parameter, is kept as it is: the type that takes
// Conn's place has a SetPongHandler besides its deadlines, and calls the handler
// where its own pings are answered.

// Types that take the place of Conn, with deadlines and a pong handler.
const (
	heartbeatConn     = "heartbeatConn"
	heartbeatAddrConn = "heartbeatAddrConn" // with the network connection
)

// embeddedWrapper returns the type with deadlines that one with a pong handler
// embeds, and any other as it is.
func embeddedWrapper(name string) string {
	switch name {
	case heartbeatConn, hookConn, closeConn:
		return deadlineConn
	case heartbeatAddrConn, hookAddrConn, closeAddrConn:
		return deadlineAddrConn
	}
	return name
}

// hasHandlers reports whether the type of the name has handlers, of whatever
// frames.
func hasHandlers(name string) bool { return name != embeddedWrapper(name) }

// hasPongs reports whether the type of the name has a pong handler that its own
// pings call.
func hasPongs(name string) bool { return name == heartbeatConn || name == heartbeatAddrConn }

// handlerHelpers returns the helpers that declare a type with handlers, besides
// those of the one that it embeds.
func handlerHelpers(name string) []string {
	if hasPongs(name) {
		return []string{name, "pingInBackground"}
	}
	return []string{name}
}

// handlerWrapper returns the type with the handlers that the program needs and
// that the target allows, or "": pong handlers alone need no hooks.
func handlerWrapper(u *unit.Unit, addrs bool) string {
	plain, addr := "", ""
	switch {
	case wantsHooks(u):
		plain, addr = hookConn, hookAddrConn
	case wantsPongs(u):
		plain, addr = heartbeatConn, heartbeatAddrConn
	case wantsCloses(u):
		plain, addr = closeConn, closeAddrConn
	}
	if addrs {
		return addr
	}
	return plain
}

// wantsPongs reports whether only a type with a pong handler may do: it is
// decided, or the heartbeat could not be converted.
func wantsPongs(u *unit.Unit) bool {
	if u.Wrapped != "" {
		return hasPongs(u.Wrapped)
	}
	if len(u.All("Conn.SetPongHandler")) == 0 {
		return false
	}
	for _, r := range u.Reasons {
		if r.Rule == heartbeatRule.Name {
			return true
		}
	}
	return false
}

// keepPongHandlers leaves the pong handlers to the type that takes Conn's
// place, and has it write the pings. It refuses what that type cannot do.
func keepPongHandlers(u *unit.Unit) {
	pings := controlFrames(u, 9)
	for _, h := range u.Sites("Conn.SetPingHandler") {
		u.RefuseSite(h, "the peer's pings move the read deadline, and "+noPingHook(u), pingHelp)
		return
	}
	if len(pings) == 0 && unknownPing(u) == nil || len(u.All("Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON", "ReadJSON")) == 0 {
		s := u.All("Conn.SetPongHandler")[0]
		u.RefuseSite(s, "no pings are sent whose answers a read would take in", heartbeatHelp)
		return
	}
	for _, h := range u.Sites("Conn.SetPongHandler") {
		a := &pongAction{site: h, file: h.File}
		if call := unit.Call(h); call != nil && len(call.Args) == 1 && !unit.IsNil(h.File, call.Args[0]) {
			a.findBody(u, call.Args[0])
			if a.body == nil {
				u.RefuseSite(h, "what the pong handler does is not known", heartbeatHelp)
				return
			}
			a.extra = a.body.List
			for _, s := range u.Within(a.file, a.body) {
				if s.Symbol != "Conn.SetReadDeadline" && s.Symbol != "Conn.SetWriteDeadline" {
					u.RefuseSite(h, "the pong handler does more with the connection than move its deadlines", heartbeatHelp)
					return
				}
			}
			if why := a.showsThrough(); why != "" {
				u.RefuseSite(h, why, heartbeatHelp)
				return
			}
			if name := a.sharesWithReader(u); name != "" {
				u.RefuseSite(h, "the pong handler sets "+name+", which the code that reads uses, and pongs are not noticed there", "guard "+name+" by a mutex")
				return
			}
		}
		u.Claim(h)
		u.Note(h.File, h.Ident.Pos(), "heartbeat", "the pong handler runs beside reads, not in one, and for answers to the pings that are written here and come within a minute; an error of it closes the connection")
	}
	for _, fr := range pings {
		if fr.data == nil {
			fr.refuse(u, "the payload of the ping is not known where it is sent", heartbeatHelp)
			return
		}
		fr.claim(u)
		u.Replace(fr.file, fr.call.Pos(), fr.call.End(), fr.conn+".ping("+u.Context(fr.file, fr.c)+", ", fr.data, ")")
		u.Note(fr.file, fr.pos(), "heartbeat", lateNote)
	}
}

// showsThrough says what the handler does that nobody would see in the place
// of a read, or "".
func (a *pongAction) showsThrough() string {
	if why := a.tells(); why != "" {
		return why
	}
	return a.asks()
}

// tells says that the handler returns an error that others know, or "".
func (a *pongAction) tells() string {
	start := cursorOf(a.file, a.body).Parent().Node().Pos() // its result counts as its own
	outside := func(e ast.Expr) bool {
		v, ok := a.file.Pkg.TypesInfo.Uses[lastIdent(ast.Unparen(e))].(*types.Var)
		return ok && (v.Pos() < start || a.body.End() <= v.Pos())
	}
	for _, st := range exits(a.file, a.body) {
		if r, ok := st.(*ast.ReturnStmt); ok && len(r.Results) == 1 && outside(r.Results[0]) {
			return "the handler returns an error that the code that reads may look for"
		}
	}
	return ""
}

// asks says that the handler asks for another payload than that of the ping,
// or "".
func (a *pongAction) asks() string {
	// That a payload is empty tells only whether the ping had one.
	constant := func(e ast.Expr) bool {
		v := a.file.Pkg.TypesInfo.Types[e].Value
		return v != nil && v.ExactString() != `""`
	}
	payload := func(e ast.Expr) bool {
		id, ok := ast.Unparen(e).(*ast.Ident)
		return ok && a.data != nil && a.file.Pkg.TypesInfo.Uses[id] == types.Object(a.data)
	}
	for c := range cursorOf(a.file, a.body).Preorder((*ast.BinaryExpr)(nil), (*ast.SwitchStmt)(nil)) {
		switch n := c.Node().(type) {
		case *ast.BinaryExpr:
			if payload(n.X) && constant(n.Y) || constant(n.X) && payload(n.Y) {
				return "the pong handler asks for a payload, and only pongs with that of the ping are noticed there"
			}
		case *ast.SwitchStmt:
			if n.Tag != nil && payload(n.Tag) {
				return "the pong handler asks for a payload, and only pongs with that of the ping are noticed there"
			}
		}
	}
	return ""
}

// findBody looks for the body of the handler and for the variable with the
// payload: a function literal, or a function of the tree.
func (a *pongAction) findBody(u *unit.Unit, h ast.Expr) {
	g, d, typ, body := funcOf(u, a.file, h)
	if body == nil || d != nil && !editable(g) {
		return
	}
	a.file, a.body = g, body
	if len(typ.Params.List) == 1 && len(typ.Params.List[0].Names) == 1 {
		a.data, _ = g.Pkg.TypesInfo.Defs[typ.Params.List[0].Names[0]].(*types.Var)
	}
}

// pongConnHead puts the constructor of the type with a pong handler around that
// of the type it embeds.
func pongConnHead(u *unit.Unit, s *flow.Site, verb, open, shut string) (string, string, bool) {
	if hasHooks(u.Wrapper) {
		return hookHead(u, s, verb, open)
	}
	if !hasHandlers(u.Wrapper) {
		return open, shut, true
	}
	name := verb + strings.ToUpper(u.Wrapper[:1]) + u.Wrapper[1:]
	return name + "(" + open, shut + ")", useHelper(u, s, name)
}

// heartbeatConnHelpers returns the helpers that make a type with deadlines one
// with a pong handler.
func heartbeatConnHelpers(typ string) []Helper {
	name := strings.ToUpper(typ[:1]) + typ[1:]
	r := strings.NewReplacer("TYPE", typ, "NAME", name, "EMBEDDED", embeddedWrapper(typ))
	return []Helper{
		{typ, []string{"context", "sync/atomic", "time"}, r.Replace(heartbeatConnHelper)},
		{"accepted" + name, nil, r.Replace(acceptedHeartbeatHelper)},
		{"dialled" + name, []string{"net/http"}, r.Replace(dialledHeartbeatHelper)},
		{typ + ".writeAnyMessage", []string{"context"}, r.Replace(heartbeatWriteAnyHelper)},
	}
}

const heartbeatConnHelper = `
// A TYPE is a connection that tells when its pings are answered.
type TYPE struct {
	*EMBEDDED
	pong atomic.Value // func(string) error
}

// SetPongHandler sets what is called with the payload of a ping that has been
// answered. An error of it closes the connection.
func (c *TYPE) SetPongHandler(h func(string) error) { c.pong.Store(h) }

// ping writes a ping and does not wait for the pong, which a concurrent read
// takes in.
func (c *TYPE) ping(ctx context.Context, p []byte) error {
	data := string(p)
	return pingInBackground(ctx, c.Conn, time.Minute, func(err error) {
		if h, _ := c.pong.Load().(func(string) error); err == nil && h != nil && h(data) != nil {
			c.CloseNow()
		}
	})
}
`

const heartbeatWriteAnyHelper = `
// writeAnyMessage writes a message of any type.
func (c *TYPE) writeAnyMessage(ctx context.Context, typ int, p []byte) error {
	if typ == 9 {
		return c.ping(context.Background(), p)
	}
	return c.EMBEDDED.writeAnyMessage(ctx, typ, p)
}
`

const acceptedHeartbeatHelper = `
// acceptedNAME gives a connection that was accepted its pong handler.
func acceptedNAME(c *EMBEDDED, err error) (*TYPE, error) {
	if err != nil {
		return nil, err
	}
	return &TYPE{EMBEDDED: c}, nil
}
`

const dialledHeartbeatHelper = `
// dialledNAME gives a connection that was dialled its pong handler.
func dialledNAME(c *EMBEDDED, resp *http.Response, err error) (*TYPE, *http.Response, error) {
	if err != nil {
		return nil, resp, err
	}
	return &TYPE{EMBEDDED: c}, resp, nil
}
`
