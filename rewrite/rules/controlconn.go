package rules

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// Interfaces that ask for WriteControl, or through which messages of any type
// may be written, get a type that has them; one that asks for SetPongHandler
// too, a type that remembers the handler.

// An adapter is a family of types that go around a connection, by what they
// have: messages, or control frames too, or a handler of pongs as well.
type adapter string

const (
	messageAdapter adapter = "messageConn"
	controlAdapter adapter = "controlConn"
	pongAdapter    adapter = "pongConn"
)

// around returns the family's type for what takes Conn's place.
func (a adapter) around(wrapper string) string {
	if wrapper == "" {
		return string(a)
	}
	return strings.TrimSuffix(wrapper, "Conn") + strings.ToUpper(string(a[:1])) + string(a[1:])
}

// adapterHelpers returns the helpers of all these types.
func adapterHelpers() []Helper {
	var out []Helper
	for _, wrapper := range []string{"", deadlineConn, addrConn, deadlineAddrConn} {
		for _, a := range []adapter{messageAdapter, controlAdapter, pongAdapter} {
			out = append(out, messageConnHelpers(a, wrapper)...)
		}
	}
	return out
}

// adapterFor returns the types that have what the interface of the boundary
// asks for, and the types of messages that are written through it.
func adapterFor(u *unit.Unit, b flow.Boundary) (adapter, typeSet) {
	a := messageAdapter
	var set typeSet
	for _, m := range b.Methods {
		switch m {
		case "WriteMessage":
			set |= typesThrough(u, b.To, m)
			if set&^mayData != 0 {
				a = controlAdapter
			}
		case "WriteControl":
			set |= typesThrough(u, b.To, m)
			a = controlAdapter
		}
	}
	for _, m := range b.Methods {
		if m == "SetPongHandler" {
			a = pongAdapter
		}
	}
	return a, set
}

// typesThrough returns the types of messages that the tree writes through a
// method of an interface.
func typesThrough(u *unit.Unit, iface types.Type, method string) typeSet {
	t := &typeFlow{u: u, seen: map[types.Object]bool{}, rets: map[*ast.FuncDecl]bool{}}
	if n, ok := types.Unalias(iface).(*types.Named); ok && (u.Graph.Public(n.Obj()) || !declaredIn(u, n.Obj())) {
		t.unknown() // others write through it too
	}
	usesThrough(u, iface, method, func(g *flow.File, call *ast.CallExpr) {
		if call == nil {
			t.unknown()
			return
		}
		t.expr(g, call.Args[0])
	})
	return t.set
}

// usesThrough calls use with every call in the tree of the method of the
// interface, or of another that its values satisfy, and with nil for uses that
// are no calls.
func usesThrough(u *unit.Unit, iface types.Type, method string, use func(g *flow.File, call *ast.CallExpr)) {
	for _, g := range u.Graph.InOrder() {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if id.Name != method {
				continue
			}
			fn, ok := g.Pkg.TypesInfo.Uses[id].(*types.Func)
			if !ok || !unit.IsInterfaceMethod(fn) || !servesAs(iface, fn.Signature().Recv().Type()) {
				continue
			}
			if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
				c = c.Parent()
			}
			c = unit.OutermostParen(c)
			if k, _ := c.ParentEdge(); k != edge.CallExpr_Fun {
				use(g, nil)
				continue
			}
			use(g, c.Parent().Node().(*ast.CallExpr))
		}
	}
}

// servesAs reports whether values of the interface have the methods of another.
// What a package is loaded for may make two types of one.
func servesAs(iface, other types.Type) bool {
	have, ok := iface.Underlying().(*types.Interface)
	want, ok2 := other.Underlying().(*types.Interface)
	if !ok || !ok2 {
		return false
	}
next:
	for i := range want.NumMethods() {
		for j := range have.NumMethods() {
			if m := have.Method(j); m.Name() == want.Method(i).Name() && unit.SameSignature(m, want.Method(i)) {
				continue next
			}
		}
		return false
	}
	return true
}

// declaredIn reports whether the tree declares o.
func declaredIn(u *unit.Unit, o types.Object) bool {
	for _, g := range u.Graph.InOrder() {
		if o.Pkg() != nil && g.Pkg.Types.Path() == o.Pkg().Path() {
			return true
		}
	}
	return false
}

// controlNotes says what differs for control frames that are written through
// an interface.
func controlNotes(u *unit.Unit, b flow.Boundary, set typeSet) {
	f := u.Graph.Files[b.Pos.Filename]
	note := func(text string) { u.Note(f, b.At, "interface", text) }
	if set&(mayPing|mayOther) != 0 {
		note(lateNote)
	}
	if set&(mayClose|mayOther) != 0 {
		note("the close frame is sent in the background, as Close waits for the peer's and discards what comes before it; of its errors only those are seen that come at once")
		note(payloadNote)
	}
	if set&mayOther != 0 {
		note("a pong cannot be sent and is an error")
	}
}

// handlesPongs reports whether pong handlers that are set through the interface
// of the boundary may be called where Ping returns: the connection is converted
// to it but once, and no handler sets variables without a lock.
func handlesPongs(u *unit.Unit, f *flow.File, b flow.Boundary) bool {
	if b.Src != nil && !madeOnce(u, f, b.Src) {
		return false
	}
	ok := true
	usesThrough(u, b.To, "SetPongHandler", func(g *flow.File, call *ast.CallExpr) {
		if call == nil {
			ok = false
			return
		}
		lit, isLit := ast.Unparen(call.Args[0]).(*ast.FuncLit)
		switch {
		case unit.IsNil(g, call.Args[0]):
		case !isLit:
			ok = false
		default:
			a := &pongAction{file: g, body: lit.Body, extra: lit.Body.List}
			if set, locked := a.sets(u); len(set) > 0 && !locked {
				ok = false
			}
		}
	})
	return ok
}

// madeOnce reports whether the expression that is converted to an interface is
// a connection that its function has just made, so that no other value of the
// interface stands for the same one.
func madeOnce(u *unit.Unit, f *flow.File, src ast.Expr) bool {
	v, ok := objectOf(f, src).(*types.Var)
	if !ok || unit.IsPackageLevel(v) {
		return false
	}
	made, conversions := 0, 0
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != types.Object(v) {
			continue
		}
		k, i := c.ParentEdge()
		if k == edge.AssignStmt_Lhs {
			as := c.Parent().Node().(*ast.AssignStmt)
			call, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
			if !ok || i != 0 || len(as.Rhs) != 1 || !makesConn(u, f, call) {
				return false
			}
			made++
		}
		if id == ast.Unparen(src) {
			if fn, ok := unit.Func(c); ok {
				if body, _ := unit.Body(fn.Node()); body.Pos() > v.Pos() || v.Pos() > body.End() || loopBetween(c, v) {
					return false
				}
			}
		}
		if boundariesAt(u, id) > 0 {
			conversions++
		}
	}
	return made == 1 && conversions == 1
}

// loopBetween reports whether a loop around c does not hold the declaration of
// v.
func loopBetween(c inspector.Cursor, v *types.Var) bool {
	for l := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
		if v.Pos() < l.Node().Pos() || l.Node().End() < v.Pos() {
			return true
		}
	}
	return false
}

// boundariesAt counts the interfaces that the expression is converted to.
func boundariesAt(u *unit.Unit, id *ast.Ident) int {
	n := 0
	for _, b := range u.Cluster.Boundaries {
		if b.Kind == flow.Interface && b.Src != nil && ast.Unparen(b.Src) == ast.Expr(id) {
			n++
		}
	}
	return n
}

// makesConn reports whether the call is one of the cluster that makes a
// connection.
func makesConn(u *unit.Unit, f *flow.File, call *ast.CallExpr) bool {
	s := callSite(u, f, call)
	return s != nil && (s.Symbol == "Upgrader.Upgrade" || s.Symbol == "Upgrade" || s.Symbol == "Dialer.Dial" || s.Symbol == "Dialer.DialContext")
}

const controlConnHelper = `
// A TYPE is a connection with methods that take no context.
type TYPE struct{ EMBEDDED }

// WriteControl writes a close frame or a ping, and does not wait for what the
// peer answers.
func (c TYPE) WriteControl(typ int, p []byte, deadline time.Time) error {
	if !deadline.IsZero() && time.Until(deadline) <= 0 {
		return os.ErrDeadlineExceeded
	}
	switch typ {
	case 8:
		return closeWithPayload(c.Conn, p)
	case 9:
		return pingInBackground(context.Background(), c.Conn, 10*time.Second, nil)
	}
	return errors.New("websocket: bad write message type")
}
`

const pongConnHelper = `
// A TYPE is a connection with methods that take no context, and with a handler
// of pongs.
type TYPE struct {
	EMBEDDED
	pong atomic.Pointer[func(string) error]
}

// SetPongHandler sets what is called when a ping has been answered, with the
// payload that the ping was written with. An error of h closes the connection.
func (c *TYPE) SetPongHandler(h func(string) error) { c.pong.Store(&h) }

// WriteControl writes a close frame or a ping, and does not wait for what the
// peer answers.
func (c *TYPE) WriteControl(typ int, p []byte, deadline time.Time) error {
	if !deadline.IsZero() && time.Until(deadline) <= 0 {
		return os.ErrDeadlineExceeded
	}
	switch typ {
	case 8:
		return closeWithPayload(c.Conn, p)
	case 9:
		data := string(p)
		return pingInBackground(context.Background(), c.Conn, 10*time.Second, func(err error) {
			if h := c.pong.Load(); err == nil && h != nil && *h != nil && (*h)(data) != nil {
				c.CloseNow()
			}
		})
	}
	return errors.New("websocket: bad write message type")
}
`

const controlWriteHelper = `
// WriteMessage writes a message or a control frame.
func (c RECV) WriteMessage(typ int, p []byte) error {
	if t := websocket.MessageType(typ); t == websocket.MessageText || t == websocket.MessageBinary {
		return c.Write(context.Background(), t, p)
	}
	return c.WriteControl(typ, p, time.Time{})
}
`
