package rules

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// composed says how a literal of DialOptions is written.
type composed struct {
	amp    bool // with & in front
	header dialHeader
}

// compose returns the literal of DialOptions for a dialer. It reports false
// after refusing.
func (dl *dialer) compose(u *unit.Unit, how composed) ([]any, bool) {
	w := &literalWriter{short: dl.base && dl.shared, depth: 1}
	open := u.Lib(dl.f) + ".DialOptions{"
	if how.amp {
		open = "&" + open
	}
	w.text(open)
	if !dl.writeClient(u, w) {
		return nil, false
	}
	if h := how.header; len(h.value) > 0 {
		w.line(append([]any{"HTTPHeader: "}, h.value...)...)
	}
	if len(how.header.host) > 0 {
		w.line(append([]any{"Host: "}, how.header.host...)...)
	}
	protocols := false
	for _, e := range dl.elems {
		switch e.name {
		case "Subprotocols":
			protocols = true
			w.field(e, "Subprotocols: ", e.value)
		case "EnableCompression":
			tv := dl.f.Pkg.TypesInfo.Types[e.value]
			switch {
			case tv.Value == nil:
				if !useHelper(u, dl.site, "compressionModeOf") {
					return nil, false
				}
				w.field(e, "CompressionMode: compressionModeOf(", e.value, ")")
				w.line("CompressionThreshold: 1")
				u.Note(dl.f, e.value.Pos(), "compression", compressedLimitNote)
			case constant.BoolVal(tv.Value):
				w.field(e, "CompressionMode: "+u.Lib(dl.f)+".CompressionNoContextTakeover")
				w.line("CompressionThreshold: 1")
				u.Note(dl.f, e.value.Pos(), "compression", compressedLimitNote)
			default:
				w.comments(e)
			}
		}
	}
	if len(how.header.subprotocols) > 0 && !protocols {
		w.line(append([]any{"Subprotocols: "}, how.header.subprotocols...)...)
	}
	for _, c := range dl.tail {
		w.comment(c)
	}
	return w.close(), true
}

// writeClient writes the HTTPClient field.
func (dl *dialer) writeClient(u *unit.Unit, w *literalWriter) bool {
	f := dl.f
	http := u.Import(f, "net/http", "http")
	if dl.usesProxy() {
		u.Note(f, dl.at, "dial", proxyNote)
	}
	if dl.base && dl.shared {
		w.line("HTTPClient: ", sharedClient(u, f))
		return true
	}
	w.open("HTTPClient: &" + http + ".Client{")
	timeout := false
	for _, e := range dl.elems {
		switch e.name {
		case "HandshakeTimeout":
			timeout = true
			if n, ok := unit.ConstInt(f, e.value); ok && n == 0 {
				w.comments(e)
				continue
			}
			w.field(e, "Timeout: ", e.value)
		case "Jar":
			w.field(e, "Jar: ", e.value)
		}
	}
	if dl.base && !timeout {
		w.line("Timeout: 45 * " + u.Import(f, "time", "time") + ".Second")
	}
	w.line("CheckRedirect: func(*" + http + ".Request, []*" + http + ".Request) error {" + w.nl(1) + "return " + http + ".ErrUseLastResponse" + w.nl(0) + "}")
	switch {
	case dl.transport != "":
		w.line("Transport: " + dl.transport)
	case dl.defaultTransport():
		// http.DefaultTransport takes the proxy from the environment.
		for _, e := range dl.elems {
			if e.name == "Proxy" {
				w.comments(e)
			}
		}
	default:
		t, ok := dl.transportLiteral(u, w.depth+1)
		if !ok {
			return false
		}
		w.line(append([]any{"Transport: "}, t...)...)
	}
	for _, e := range dl.elems {
		switch e.name {
		case "ReadBufferSize", "WriteBufferSize", "WriteBufferPool":
			w.comments(e)
			if e.name == "WriteBufferSize" {
				u.Note(f, e.value.Pos(), "dial", "a message goes out as one frame; gorilla cut it into frames of the write buffer's size")
			}
		}
	}
	w.shut()
	return true
}

// field returns the value of a field, or nil.
func (dl *dialer) field(name string) ast.Expr {
	for _, e := range dl.elems {
		if e.name == name {
			return e.value
		}
	}
	return nil
}

// usesProxy reports whether the dialer may go through a proxy.
func (dl *dialer) usesProxy() bool {
	if p := dl.field("Proxy"); p != nil {
		return !unit.IsNil(dl.f, p)
	}
	return dl.base
}

// defaultTransport reports whether http.DefaultTransport does what the dialer
// wants: the proxy of the environment, and nothing else.
func (dl *dialer) defaultTransport() bool {
	for _, name := range transportFields[1:] {
		if v := dl.field(name); v != nil && !unit.IsNil(dl.f, v) {
			return false
		}
	}
	p := dl.field("Proxy")
	if p == nil {
		return dl.base
	}
	sel, ok := ast.Unparen(p).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := dl.f.Pkg.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "net/http" && fn.Name() == "ProxyFromEnvironment"
}

// transportLiteral returns the literal of the http.Transport, with its fields
// indented by depth. It reports false
// after refusing.
func (dl *dialer) transportLiteral(u *unit.Unit, depth int) ([]any, bool) {
	f := dl.f
	w := &literalWriter{depth: depth}
	w.text("&" + u.Import(f, "net/http", "http") + ".Transport{")
	if dl.base && dl.field("Proxy") == nil {
		w.line("Proxy: " + u.Import(f, "net/http", "http") + ".ProxyFromEnvironment")
	}
	for _, e := range dl.elems {
		switch e.name {
		case "NetDial":
			if unit.IsNil(f, e.value) {
				w.comments(e)
				continue
			}
			if v := dl.field("NetDialContext"); v != nil && isFunction(f, v) && pure(e.value) {
				w.comments(e) // it was never called
				continue
			} else if v != nil {
				w.field(e, "Dial: ", e.value) // the transport prefers DialContext as gorilla does
				continue
			}
			parts, ok := wrapNetDial(u, dl.site, e.value, w)
			if !ok {
				return nil, false
			}
			w.field(e, append([]any{"DialContext: "}, parts...)...)
		case "Proxy", "TLSClientConfig", "NetDialContext", "NetDialTLSContext":
			if unit.IsNil(f, e.value) {
				w.comments(e)
				continue
			}
			w.field(e, transportField(e.name)+": ", e.value)
		}
	}
	if dl.local {
		// Nothing else uses the transport, so nothing must stay open in it.
		w.line("DisableKeepAlives: true")
	}
	return w.close(), true
}

// wrapNetDial returns a function with a context parameter for one without. It
// reports false after refusing.
func wrapNetDial(u *unit.Unit, s *flow.Site, e ast.Expr, w *literalWriter) ([]any, bool) {
	f := s.File
	if unit.IsNil(f, e) {
		return []any{e}, true
	}
	ctx := "_ " + u.Import(f, "context", "context") + ".Context"
	if lit, ok := ast.Unparen(e).(*ast.FuncLit); ok {
		named := false
		for _, p := range lit.Type.Params.List {
			named = named || len(p.Names) > 0
		}
		if !named {
			ctx = u.Import(f, "context", "context") + ".Context"
		}
		open := lit.Type.Params.Opening
		return []any{unit.Span{Pos: lit.Pos(), End: open + 1}, ctx + ", ", unit.Span{Pos: open + 1, End: lit.End()}}, true
	}
	if !isFunction(f, e) { // may be nil
		return []any{"dialContextOf(", e, ")"}, useHelper(u, s, "dialContextOf")
	}
	net := u.Import(f, "net", "net")
	return []any{"func(" + ctx + ", network, addr string) (" + net + ".Conn, error) {" + w.nl(1) + "return ", e, "(network, addr)" + w.nl(0) + "}"}, true
}

// isFunction reports whether e is certainly not nil: a function literal, or a
// declared function or method.
func isFunction(f *flow.File, e ast.Expr) bool {
	var obj types.Object
	switch x := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return true
	case *ast.Ident:
		obj = f.Pkg.TypesInfo.Uses[x]
	case *ast.SelectorExpr:
		obj = f.Pkg.TypesInfo.Uses[x.Sel]
	}
	_, ok := obj.(*types.Func)
	return ok
}

// sharedClient returns the name of the client that the file's calls of
// DefaultDialer share, declared before the first function that uses it.
func sharedClient(u *unit.Unit, f *flow.File) string {
	var first *flow.Site
	name := "dialClient"
	for _, s := range f.Sites {
		if s.Symbol == "DefaultDialer" {
			first = s
			break
		}
	}
	// Each file of the package that needs one has its own.
	n := 1
	for _, g := range u.Graph.Files {
		if g.Pkg.Types == nil || g.Pkg.Types.Path() != f.Pkg.Types.Path() || g.Path >= f.Path {
			continue
		}
		for _, s := range g.Sites {
			if s.Symbol == "DefaultDialer" {
				n++
				break
			}
		}
	}
	if n > 1 {
		name += strconv.Itoa(n)
	}
	for f.Pkg.Types.Scope().Lookup(name) != nil {
		name += "x"
	}
	pos := declStart(f, first.Ident.Pos())
	http, time := u.Import(f, "net/http", "http"), u.Import(f, "time", "time")
	u.Declare(f, pos, name, "// "+name+" opens WebSocket connections: it bounds the handshake and follows no\n// redirect.\nvar "+name+" = &"+http+".Client{\n"+
		"\tTimeout: 45 * "+time+".Second,\n\tCheckRedirect: func(*"+http+".Request, []*"+http+".Request) error {\n\t\treturn "+http+".ErrUseLastResponse\n\t},\n}\n\n")
	return name
}

// A literalWriter puts together the parts of a composite literal, a line a
// field, or all on one line if it is short.
type literalWriter struct {
	parts        []any
	depth        int  // tabs before a field
	short, multi bool // all on one line; on several
	lines        int
	comm         bool // has a comment
}

func (w *literalWriter) text(s string) { w.parts = append(w.parts, s) }

// nl returns a line break and the indentation of a field, and more tabs.
func (w *literalWriter) nl(more int) string { return "\n" + strings.Repeat("\t", w.depth+more) }

// line writes a field.
func (w *literalWriter) line(parts ...any) {
	if w.short {
		if len(w.parts) > 1 {
			w.text(", ")
		}
		w.parts = append(w.parts, parts...)
		return
	}
	w.multi = true
	w.lines++
	w.text(w.nl(0))
	w.parts = append(w.parts, parts...)
	w.text(",")
}

// open and shut write a nested literal.
func (w *literalWriter) open(s string) {
	w.multi = true
	w.lines += 2
	w.text(w.nl(0) + s)
	w.depth++
}

func (w *literalWriter) shut() {
	w.depth--
	w.text(w.nl(0) + "},")
}

// close ends the literal and returns its parts. A single field without
// comments stays on the line.
func (w *literalWriter) close() []any {
	if w.lines == 1 && !w.comm {
		w.parts[1] = ""
		w.parts[len(w.parts)-1] = "}"
		return w.parts
	}
	if w.multi {
		w.text(w.nl(-1))
	}
	w.text("}")
	return w.parts
}

// field writes a field with its comments.
func (w *literalWriter) field(e dialerField, parts ...any) {
	for _, c := range e.lead {
		w.comment(c)
	}
	w.line(parts...)
	for _, c := range e.trail {
		w.comm = true
		w.text(" ")
		w.parts = append(w.parts, c)
	}
}

func (w *literalWriter) comment(c *ast.Comment) {
	w.multi, w.comm = true, true
	w.text(w.nl(0))
	w.parts = append(w.parts, c)
}

// comments writes the comments of a field that is dropped.
func (w *literalWriter) comments(e dialerField) {
	for _, c := range append(append([]*ast.Comment(nil), e.lead...), e.trail...) {
		w.comment(c)
	}
}
