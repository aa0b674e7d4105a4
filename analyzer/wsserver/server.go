package wsserver

import (
	"go/ast"
	"go/constant"
	"go/types"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// servers judges the http.Servers of the package.
func (c *checker) servers() {
	for _, s := range c.literals {
		if !c.has(s, "ReadHeaderTimeout") && !c.has(s, "ReadTimeout") && c.acceptsSomewhere() {
			c.Report(rule.Finding{
				Pos: s.pos, End: s.end, Category: header, Confidence: rule.Low,
				Message: "http.Server without ReadHeaderTimeout: a client that never finishes its request holds a connection and a goroutine; set it (it and the other timeouts end with the upgrade and leave WebSockets alone)",
			})
		}
		c.protocols(s)
	}
}

// has reports whether a field of a server is set, in the literal or later, to
// something that is not zero.
func (c *checker) has(s server, field string) bool {
	for _, v := range c.fieldValues(s, field) {
		if tv := c.TypesInfo.Types[v]; tv.Value == nil || constant.Sign(constant.ToInt(tv.Value)) != 0 {
			return true
		}
	}
	return false
}

// fieldValues returns what a field of a server may be set to. An assignment to
// a server that cannot be told from this one counts.
func (c *checker) fieldValues(s server, field string) []ast.Expr {
	var list []ast.Expr
	if s.lit != nil {
		list = literalField(s.lit, field)
	}
	for _, set := range c.sets {
		if set.of != "net/http.Server" || set.field != field {
			continue
		}
		if s.obj != nil && set.base != nil && set.base != s.obj && c.known(set.base) {
			continue
		}
		list = append(list, set.value)
	}
	return list
}

// known reports whether all servers that a variable holds begin where it is
// declared or assigned: a parameter may be anything.
func (c *checker) known(obj types.Object) bool {
	for _, s := range c.literals {
		if s.obj == obj {
			return true
		}
	}
	return false
}

func literalField(lit *ast.CompositeLit, field string) []ast.Expr {
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); ok && key.Name == field {
				return []ast.Expr{kv.Value}
			}
		}
	}
	return nil
}

// protocols reports a server that rules HTTP/1 out.
func (c *checker) protocols(s server) {
	accepts := c.accepts()
	if !accepts.IsValid() {
		return
	}
	values := c.fieldValues(s, "Protocols")
	if len(values) != 1 {
		return
	}
	obj := c.object(ast.Unparen(values[0]))
	if obj == nil {
		// srv.Protocols = new(http.Protocols), and then its methods.
		if !c.empty(values[0]) {
			return
		}
		if s.at != nil {
			obj = protocolsField(c.TypesInfo.TypeOf(s.at))
		} else if s.obj != nil {
			obj = protocolsField(s.obj.Type())
		}
	}
	if obj == nil || !c.lacksHTTP1(obj) {
		return
	}
	f := rule.Finding{
		Pos: values[0].Pos(), End: values[0].End(), Category: h2, Confidence: rule.High,
		Message: "these Protocols lack HTTP/1, and a WebSocket begins as a request of HTTP/1.1: every handshake with this server fails, such as the one accepted at " +
			c.Site(accepts) + "; call SetHTTP1(true) too, or leave Protocols nil",
		Related: related(accepts, "accepts WebSockets"),
	}
	if len(c.literals)+c.funcs > 1 {
		f.Confidence = rule.Medium // another server may be the one
	}
	c.Report(f)
}

// protocolsField returns the field Protocols of http.Server.
func protocolsField(t types.Type) types.Object {
	if t == nil {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for f := range st.Fields() {
		if f.Name() == "Protocols" {
			return f
		}
	}
	return nil
}

// empty reports whether an expression is a fresh http.Protocols.
func (c *checker) empty(e ast.Expr) bool {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok {
		e = ast.Unparen(u.X)
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		return len(e.Elts) == 0 && typeName(c.TypesInfo.TypeOf(e)) == "net/http.Protocols"
	case *ast.CallExpr:
		return c.TypesInfo.Types[e.Fun].IsBuiltin() && len(e.Args) == 1 && typeName(c.TypesInfo.TypeOf(e)) == "net/http.Protocols"
	}
	return false
}

// lacksHTTP1 reports whether a set of protocols begins empty and gets
// something, and certainly not HTTP/1. Every use of it has to be understood.
func (c *checker) lacksHTTP1(obj types.Object) bool {
	v, ok := obj.(*types.Var)
	if !ok || typeName(v.Type()) != "net/http.Protocols" || v.Pkg() != c.Pkg && !v.IsField() {
		return false
	}
	for _, value := range c.values[v] {
		// What is assigned to the server's field is judged where it begins.
		if !c.empty(value) && !v.IsField() {
			return false
		}
	}
	if len(c.values[v]) == 0 && isPointer(v.Type()) {
		return false // a parameter
	}
	some, sure := false, true
	calls := make(map[*ast.Ident]bool)
	c.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpr:
			sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
			if !ok || c.object(ast.Unparen(sel.X)) != v || len(n.Args) > 1 {
				return
			}
			if id := lastIdent(sel.X); id != nil {
				calls[id] = true
			}
			switch sel.Sel.Name {
			case "SetHTTP1":
				if !isFalse(c.TypesInfo.Types[n.Args[0]]) {
					sure = false
				}
			case "SetHTTP2", "SetUnencryptedHTTP2":
				if !isFalse(c.TypesInfo.Types[n.Args[0]]) {
					some = true
				}
			}
		}
	})
	if !some || !sure {
		return false
	}
	if v.IsField() {
		return len(c.values[v]) <= 1
	}
	// Given to anything but a server, it may change there.
	other := 0
	c.each(func(n ast.Node) {
		if id, ok := n.(*ast.Ident); ok && c.TypesInfo.Uses[id] == v && !calls[id] {
			other++
		}
	})
	return other == 1
}

func lastIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}

func isFalse(tv types.TypeAndValue) bool {
	return tv.Value != nil && tv.Value.Kind() == constant.Bool && !constant.BoolVal(tv.Value)
}

// client reports a WebSocket client that offers HTTP/2: a literal of a
// library's type with a TLS configuration in it.
func (c *checker) client(lit *ast.CompositeLit) {
	named, ok := types.Unalias(c.TypesInfo.TypeOf(lit)).(*types.Named)
	if !ok || !isLibrary(named.Obj().Pkg()) {
		return
	}
	for _, elt := range lit.Elts {
		kv, ok := elt.(*ast.KeyValueExpr)
		if !ok || typeName(c.TypesInfo.TypeOf(kv.Value)) != "crypto/tls.Config" {
			continue
		}
		if at := c.offersH2(kv.Value); at != nil {
			c.Report(rule.Finding{
				Pos: at.Pos(), End: at.End(), Category: h2, Confidence: rule.High,
				Message: "this offers HTTP/2 to the server, for a WebSocket (" + c.Site(lit.Pos()) + "): a server that speaks it chooses it, and the handshake fails with a malformed response; leave NextProtos nil, or \"http/1.1\" alone",
				Related: related(lit.Pos(), "the WebSocket client"),
			}, lit.Pos())
		}
	}
}

// offersH2 returns the "h2" among the protocols of a TLS configuration, or nil.
func (c *checker) offersH2(cfg ast.Expr) ast.Expr {
	cfg = ast.Unparen(cfg)
	var lists []ast.Expr
	lit := func(e ast.Expr) {
		e = ast.Unparen(e)
		if u, ok := e.(*ast.UnaryExpr); ok {
			e = ast.Unparen(u.X)
		}
		if l, ok := e.(*ast.CompositeLit); ok {
			lists = append(lists, literalField(l, "NextProtos")...)
		}
	}
	lit(cfg)
	if obj := c.object(cfg); obj != nil {
		for _, v := range c.values[obj] {
			lit(v)
		}
		for _, set := range c.sets {
			if set.base == obj && set.of == "crypto/tls.Config" && set.field == "NextProtos" {
				lists = []ast.Expr{set.value} // the last one stays
			}
		}
	}
	for _, list := range lists {
		var found ast.Expr
		ast.Inspect(list, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			if tv := c.TypesInfo.Types[e]; tv.Value != nil && tv.Value.Kind() == constant.String && constant.StringVal(tv.Value) == "h2" {
				found = e
			}
			return true
		})
		if found != nil {
			return found
		}
	}
	return nil
}
