package rules

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

const acceptorHelper = `
// An acceptor accepts WebSocket connections from pages that CheckOrigin lets
// in. Without one these are the pages of the same host.
type acceptor struct {
	Subprotocols      []string
	EnableCompression bool
	CheckOrigin       func(r *http.Request) bool
}

// Upgrade accepts a connection without a read limit, and sends header with the
// response. It answers a handshake that it refuses.
func (a *acceptor) Upgrade(w http.ResponseWriter, r *http.Request, header http.Header) (*websocket.Conn, error) {
	opts := &websocket.AcceptOptions{Subprotocols: a.Subprotocols, InsecureSkipVerify: a.CheckOrigin != nil}
	if a.EnableCompression {
		opts.CompressionMode, opts.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
	}
	if a.CheckOrigin != nil && !a.CheckOrigin(r) {
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		return nil, ` + originError + `
	}
	for k, v := range header {
		w.Header()[k] = v
	}
	c, err := websocket.Accept(w, r, opts)
	if err == nil {
		c.SetReadLimit(-1)
	}
	return c, err
}
`

const errorAcceptorHelper = `
// An errorAcceptor accepts WebSocket connections from pages that CheckOrigin
// lets in. Without one these are the pages of the same host. Error answers a
// handshake that is refused.
type errorAcceptor struct {
	Subprotocols      []string
	EnableCompression bool
	CheckOrigin       func(r *http.Request) bool
	Error             func(w http.ResponseWriter, r *http.Request, status int, reason error)
}

// Upgrade accepts a connection without a read limit, and sends header with the
// response.
func (a *errorAcceptor) Upgrade(w http.ResponseWriter, r *http.Request, header http.Header) (*websocket.Conn, error) {
	opts := &websocket.AcceptOptions{Subprotocols: a.Subprotocols, InsecureSkipVerify: a.CheckOrigin != nil}
	if a.EnableCompression {
		opts.CompressionMode, opts.CompressionThreshold = websocket.CompressionNoContextTakeover, 1
	}
	h := &handshakeWriter{ResponseWriter: w, header: w.Header().Clone()}
	for k, v := range header {
		h.header[k] = v
	}
	var c *websocket.Conn
	var err error
	if a.CheckOrigin != nil && !a.CheckOrigin(r) {
		h.status, err = http.StatusForbidden, ` + originError + `
	} else if c, err = websocket.Accept(h, r, opts); err == nil {
		c.SetReadLimit(-1)
		return c, nil
	}
	switch h.status {
	case http.StatusUpgradeRequired:
		h.status = http.StatusBadRequest
	case http.StatusNotImplemented:
		h.status = http.StatusInternalServerError
	}
	if a.Error != nil {
		a.Error(w, r, h.status, err)
	} else {
		http.Error(w, http.StatusText(h.status), h.status)
	}
	return nil, err
}

// A handshakeWriter lets through the response of an accepted handshake alone.
type handshakeWriter struct {
	http.ResponseWriter
	header http.Header
	status int
}

// Header returns the header of the response.
func (h *handshakeWriter) Header() http.Header { return h.header }

// Write drops the body of an error.
func (h *handshakeWriter) Write(p []byte) (int, error) { return len(p), nil }

// WriteHeader sends the response of an accepted handshake.
func (h *handshakeWriter) WriteHeader(status int) {
	h.status = status
	if status != http.StatusSwitchingProtocols {
		return
	}
	for k, v := range h.header {
		h.ResponseWriter.Header()[k] = v
	}
	h.ResponseWriter.WriteHeader(status)
	if w, ok := h.ResponseWriter.(interface{ WriteHeaderNow() }); ok {
		w.WriteHeaderNow()
	}
}

// Hijack takes the connection over.
func (h *handshakeWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w, ok := h.ResponseWriter.(http.Hijacker); ok {
		return w.Hijack()
	}
	return nil, nil, errors.New("the connection cannot be taken over")
}
`

// planAcceptors replaces the type Upgrader by one of the package that has the
// fields which AcceptOptions lacks: a check of the origin that is not known
// where Upgrade is called, and a function that answers refused handshakes.
func planAcceptors(u *unit.Unit) {
	name := "acceptor"
	if len(u.All("Upgrader.Error")) > 0 {
		name = "errorAcceptor"
	}
	var makers, users []*flow.File
	for _, s := range u.Sites("Upgrader") {
		if k, _ := qualifiedCursor(s).ParentEdge(); k == edge.CompositeLit_Type {
			makers = append(makers, s.File)
		}
		users = append(users, s.File)
	}
	home, fits := findHome(u, append(makers, users...))
	for _, s := range u.Sites("Upgrader") {
		u.Claim(s)
		f := s.File
		switch {
		case !fits || shadowsHome(u, home, s):
			u.Refuse(s.Pos, "an Upgrader that AcceptOptions cannot replace crosses packages", originHelp)
			return
		case embeds(s):
			u.Refuse(s.Pos, "the Upgrader is embedded", "name the field")
			return
		case home == nil && !useHelper(u, s, name), home != nil && !needAt(u, home, sharedName(name)):
			return
		}
		x := unit.Qualified(s)
		u.Replace(f, x.Pos(), x.End(), nameAt(u, home, f, name))
		planOptionsLiteral(u, s, planAcceptorField)
	}
	for _, s := range u.Sites() {
		if isFieldOf(s, "Upgrader.") {
			planAcceptorSetting(u, s)
		}
	}
	for _, s := range u.All("Upgrader.Error") {
		u.Note(s.File, s.Ident.Pos(), "upgrade", "the reason of a refused handshake is told in the target's words")
	}
	for _, s := range u.Sites("Upgrader.Upgrade") {
		u.Claim(s)
		if !wrapUpgrade(u, s) {
			return
		}
		u.Note(s.File, s.Ident.Pos(), "upgrade", originFirstNote)
		if call := unit.Call(s); name == "acceptor" && (call == nil || len(call.Args) != 3 || !unit.IsNil(s.File, call.Args[2])) {
			u.Note(s.File, s.Ident.Pos(), "upgrade", responseHeaderNote)
		}
	}
}

// embeds reports whether the type of the site is that of an embedded field or
// of a declared type, which take its name or lose its methods.
func embeds(s *flow.Site) bool {
	c := qualifiedCursor(s)
	for {
		k, _ := c.ParentEdge()
		switch k {
		case edge.StarExpr_X:
			c = unit.OutermostParen(c.Parent())
			continue
		case edge.Field_Type:
			kk, _ := c.Parent().Parent().ParentEdge()
			return kk == edge.StructType_Fields && len(c.Parent().Node().(*ast.Field).Names) == 0
		case edge.TypeSpec_Type:
			return true
		}
		return false
	}
}

func planAcceptorField(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	switch s.Symbol {
	case "Upgrader.ReadBufferSize", "Upgrader.WriteBufferSize", "Upgrader.WriteBufferPool":
		dropElement(u, s.File, lit, kv)
	case "Upgrader.HandshakeTimeout":
		dropElement(u, s.File, lit, kv)
		u.Note(s.File, kv.Pos(), "upgrade", handshakeTimeoutNote)
	}
}

// planAcceptorSetting settles a field that is used outside of literals.
func planAcceptorSetting(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	switch s.Symbol {
	case "Upgrader.ReadBufferSize", "Upgrader.WriteBufferSize", "Upgrader.WriteBufferPool", "Upgrader.HandshakeTimeout":
		if !dropSetting(u, s) {
			u.Refuse(s.Pos, string(s.Symbol)+" is set or read outside the literal", "drop it")
		}
	}
}

// dropSetting deletes the assignment to a field that has no counterpart.
func dropSetting(u *unit.Unit, s *flow.Site) bool {
	sel := s.Cursor.Parent()
	if k, _ := sel.ParentEdge(); k != edge.AssignStmt_Lhs {
		return false
	}
	as := sel.Parent().Node().(*ast.AssignStmt)
	at, _, _, ok := unit.Stmt(sel)
	if !ok || at.Node() != ast.Node(as) || len(as.Lhs) != 1 || as.Tok != token.ASSIGN || !pure(as.Rhs[0]) {
		return false
	}
	u.DeleteStmt(s.File, as)
	return true
}
