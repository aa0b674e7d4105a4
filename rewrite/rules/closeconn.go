package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A close handler whose code means nothing where the reads are, or that is not
// set at all times, is kept as it is: the type that takes Conn's place calls it
// where a read has failed because of a close frame.

// Types that take the place of Conn, with deadlines and a close handler.
const (
	closeConn     = "closeConn"
	closeAddrConn = "closeAddrConn" // with the network connection
)

// hasCloses reports whether the type of the name has a close handler.
func hasCloses(name string) bool { return name == closeConn || name == closeAddrConn }

// wantsCloses reports whether a close handler could not be converted otherwise,
// or the program asks for one that it sets.
func wantsCloses(u *unit.Unit) bool {
	if u.Wrapped != "" {
		return hasCloses(u.Wrapped)
	}
	return refusedAt(u, "Conn.SetCloseHandler") || len(u.All("Conn.SetCloseHandler")) > 0 && len(u.Sites("Conn.CloseHandler")) > 0
}

// refusedAt reports whether a rule has refused a site of the symbol.
func refusedAt(u *unit.Unit, symbol wsapi.Symbol) bool {
	return slices.ContainsFunc(u.All(symbol), func(s *flow.Site) bool {
		return slices.ContainsFunc(u.Reasons, func(r unit.Reason) bool { return r.Pos == s.Pos })
	})
}

// keepCloseHandlers leaves the close handlers to the type that takes Conn's
// place. It refuses what they cannot do there.
func keepCloseHandlers(u *unit.Unit) {
	for _, s := range u.Sites("Conn.SetCloseHandler") {
		u.Claim(s)
		call := unit.Call(s)
		if call == nil || len(call.Args) != 1 || unit.IsNil(s.File, call.Args[0]) {
			continue
		}
		if why := keepCloseHandler(u, s, call.Args[0]); why != "" {
			u.Refuse(s.Pos, why+", and the target has no hook for close frames", wrapHelp)
			return
		}
		u.Note(s.File, s.Ident.Pos(), "handler", "the close handler is called when the target has answered the close frame, with its reason, and closed the connection")
	}
	u.Claim(u.Sites("Conn.CloseHandler")...)
}

// keepCloseHandler drops the answers of the handler h. It returns why it
// cannot, or "".
func keepCloseHandler(u *unit.Unit, s *flow.Site, h ast.Expr) string {
	f := s.File
	a := &closeAction{site: s}
	lit, ok := ast.Unparen(h).(*ast.FuncLit)
	if !ok {
		return a.leaves(u, f, h)
	}
	a.lit = lit
	a.params()
	var messages []*ast.AssignStmt // that make the payload of an answer
	answers := map[types.Object]int{}
	for c := range cursorOf(f, lit.Body).Preorder((*ast.ExprStmt)(nil), (*ast.AssignStmt)(nil), (*ast.ReturnStmt)(nil)) {
		var e ast.Expr
		switch st := c.Node().(type) {
		case *ast.ExprStmt:
			e = st.X
		case *ast.AssignStmt:
			if len(st.Lhs) != 1 || len(st.Rhs) != 1 {
				continue
			}
			e = st.Rhs[0]
			if a.code != nil && st.Tok == token.DEFINE && isCloseFrame(u, f, e, a.code) {
				messages = append(messages, st)
				continue
			}
		case *ast.ReturnStmt:
			if len(st.Results) != 1 {
				continue
			}
			e = st.Results[0]
		}
		args, ok := controlArgs(u, f, e, unit.Recv(s), 8)
		if !ok {
			continue
		}
		if payload := objectOf(f, args[1]); payload != nil {
			answers[payload]++
		} else if a.code == nil || !isCloseFrame(u, f, args[1], a.code) {
			return "the close handler answers with a code of its own"
		}
		dropAnswer(u, f, ast.Unparen(e))
	}
	for _, st := range messages {
		v, ok := objectOf(f, st.Lhs[0]).(*types.Var)
		if !ok || countUses(f, lit.Body, v) != answers[v] {
			return "the close handler does more with the connection than answer"
		}
		delete(answers, v)
		u.DeleteStmt(f, st)
	}
	if len(answers) > 0 {
		return "the close handler answers with a payload that is not known"
	}
	return a.leaves(u, f, h)
}

// dropAnswer leaves out the call that sends a close frame, and what is done if
// it fails.
func dropAnswer(u *unit.Unit, f *flow.File, call ast.Expr) {
	u.ClaimWithin(f, call)
	form := formOf(f, cursorOf(f, call))
	switch {
	case form.ok && form.ret:
		u.Replace(f, call.Pos(), call.End(), "nil")
	case form.ok && !form.usedOutside(f) && (form.err == nil || form.check != nil):
		u.DeleteStmt(f, form.stmt)
		if form.separate {
			u.DeleteStmt(f, form.check)
		}
	default:
		u.Replace(f, call.Pos(), call.End(), "error(nil)")
	}
}

// leaves says what the handler does with the connection that the target has
// closed by then, or "".
func (a *closeAction) leaves(u *unit.Unit, f *flow.File, h ast.Expr) string {
	f, _, _, body := funcOf(u, f, h)
	if body == nil {
		return ""
	}
	for _, s := range u.Within(f, body) {
		switch {
		case u.Claimed(s) || statusOf(u, s) != "":
		case s.Symbol == "Conn" || s.Symbol == "Conn.Close" || strings.HasPrefix(string(s.Symbol), "Conn.Set") || strings.HasSuffix(string(s.Symbol), "Addr"):
		default:
			return "the close handler does more with the connection than answer"
		}
	}
	return ""
}

// closeConnHelpers returns the helpers that make a type with deadlines one with
// a close handler.
func closeConnHelpers(typ string) []Helper {
	r := strings.NewReplacer("TYPE", typ, "NAME", upperFirst(typ), "EMBEDDED", embeddedWrapper(typ))
	return []Helper{
		{typ, []string{"context", "errors", "sync/atomic", "TARGET"}, r.Replace(closeConnHelper)},
		{typ + ".Reader", []string{"context", "io", "TARGET"}, r.Replace(closeReaderHelper)},
		{typ + ".readJSON", []string{"context"}, r.Replace(closeReadJSONHelper)},
		{"accepted" + upperFirst(typ), nil, strings.ReplaceAll(r.Replace(acceptedHeartbeatHelper), "its pong handler", "its close handler")},
		{"dialled" + upperFirst(typ), []string{"net/http"}, strings.ReplaceAll(r.Replace(dialledHeartbeatHelper), "its pong handler", "its close handler")},
	}
}

const closeConnHelper = `
// A TYPE is a connection with a handler of close frames, which reads call.
type TYPE struct {
	*EMBEDDED
	closing atomic.Value // func(int, string) error
}

// SetCloseHandler sets what is called with code and reason of the peer's close
// frame when a read has failed because of it. An error of it is that of the
// read.
func (c *TYPE) SetCloseHandler(h func(int, string) error) { c.closing.Store(h) }

// CloseHandler returns what is called for a close frame.
func (c *TYPE) CloseHandler() func(int, string) error {
	if h, _ := c.closing.Load().(func(int, string) error); h != nil {
		return h
	}
	return func(int, string) error { return nil }
}

// tell calls the handler if err is the peer's close frame, which one read alone
// takes in.
func (c *TYPE) tell(err error) error {
	var ce websocket.CloseError
	if errors.As(err, &ce) {
		if err := c.CloseHandler()(int(ce.Code), ce.Reason); err != nil {
			return err
		}
	}
	return err
}

// Read reads a message.
func (c *TYPE) Read(ctx context.Context) (websocket.MessageType, []byte, error) {
	typ, p, err := c.EMBEDDED.Read(ctx)
	return typ, p, c.tell(err)
}
`

const closeReaderHelper = `
// Reader returns a reader of the next message.
func (c *TYPE) Reader(ctx context.Context) (websocket.MessageType, io.Reader, error) {
	typ, r, err := c.EMBEDDED.Reader(ctx)
	if err != nil {
		return 0, nil, c.tell(err)
	}
	return typ, TYPEReader{r, c.tell}, nil
}

// A TYPEReader reads a message amid which the peer may close.
type TYPEReader struct {
	io.Reader
	tell func(error) error
}

// Read reads bytes of the message.
func (r TYPEReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil {
		err = r.tell(err)
	}
	return n, err
}
`

const closeReadJSONHelper = `
// readJSON reads a message and decodes the first JSON value in it into v.
func (c *TYPE) readJSON(ctx context.Context, v any) error {
	return c.tell(c.EMBEDDED.readJSON(ctx, v))
}
`
