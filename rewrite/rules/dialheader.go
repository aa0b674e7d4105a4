package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A dialHeader is the request header of a Dial: gorilla takes Host and
// subprotocols from it, the target has fields for both.
type dialHeader struct {
	value        []any // of HTTPHeader
	host         []any
	subprotocols []any
}

func (h dialHeader) none() bool { return len(h.value) == 0 && len(h.host)+len(h.subprotocols) == 0 }

const protocolHeader = "Sec-Websocket-Protocol"

// header settles the request header h of the Dial call at c. It reports false
// after refusing.
func (d *dialPlan) header(s *flow.Site, c inspector.Cursor, h ast.Expr) (dialHeader, bool) {
	u, f := d.u, s.File
	if unit.IsNil(f, h) {
		return dialHeader{}, true
	}
	if lit, ok := ast.Unparen(h).(*ast.CompositeLit); ok {
		return d.headerLiteral(s, lit)
	}
	keys := &headerKeys{u: u, seen: map[types.Object]bool{}}
	keys.expr(f, h, 4)
	name := []any{h}
	if !pure(h) {
		named := keys.unknown || keys.host || keys.protocol
		_, inPlace := d.inline[ast.Unparen(unit.Recv(s))]
		at, ok := statementBefore(c)
		args := c.Node().(*ast.CallExpr).Args
		if (named || !inPlace) && (!ok || len(args) == 3 && !quiet(f, args[0])) {
			u.Refuse(s.Pos, "the request header is computed in the call", "assign it to a variable first")
			return dialHeader{}, false
		}
		if url := args[len(args)-2]; (named || !inPlace) && !quiet(f, url) {
			// What the address calls still comes first.
			v := u.Fresh(f, c, "addr")
			u.Replace(f, at.Node().Pos(), at.Node().Pos(), v+" := ", url, "\n")
			u.Replace(f, url.Pos(), url.End(), v)
		}
		if named {
			v := u.Fresh(f, c, "header")
			u.Replace(f, at.Node().Pos(), at.Node().Pos(), v+" := ", h, "\n")
			name = []any{v}
		}
	}
	get := func(method, key string) []any {
		x := name
		if _, star := ast.Unparen(h).(*ast.StarExpr); star && x[0] == any(h) {
			x = []any{"(", h, ")"}
		}
		if !isNamed(unit.TypeOf(s, h), "net/http", "Header") {
			x = append(append([]any{u.Import(f, "net/http", "http") + ".Header("}, name...), ")")
		}
		return append(append([]any(nil), x...), "."+method+"("+key+")")
	}
	out := dialHeader{value: name}
	if keys.unknown || keys.host {
		out.host = get("Get", `"Host"`)
	}
	switch {
	case keys.unknown:
		u.Note(f, h.Pos(), "dial", "a subprotocol that is asked for in the header alone fails the handshake when the server picks it; list it in Subprotocols")
	case keys.protocol && keys.lists:
		u.Refuse(s.Pos, "the header asks for subprotocols that are not single constants", "put them into Subprotocols of the options")
		return dialHeader{}, false
	case keys.protocol:
		out.subprotocols = get("Values", `"Sec-WebSocket-Protocol"`)
	}
	return out, true
}

// isNamed reports whether t is the named type.
func isNamed(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == path && n.Obj().Name() == name
}

// quiet reports whether evaluating e before or after other expressions makes
// no difference: it calls nothing that may have an effect.
func quiet(f *flow.File, e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.CallExpr:
			if f.Pkg.TypesInfo.Types[n.Fun].IsType() {
				return true
			}
			fn := calledFunc(f, n)
			if fn == nil || fn.Pkg() == nil || !slices.Contains(quietPackages, fn.Pkg().Path()) {
				ok = false
			}
		}
		return ok
	})
	return ok
}

var quietPackages = []string{"context", "fmt", "net", "net/http", "net/http/httptest", "net/url", "strconv", "strings"}

// headerLiteral settles a header that is written in the call.
func (d *dialPlan) headerLiteral(s *flow.Site, lit *ast.CompositeLit) (dialHeader, bool) {
	u, f := d.u, s.File
	var out dialHeader
	var keep []ast.Expr
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		tv := f.Pkg.TypesInfo.Types[kv.Key]
		if tv.Value == nil || tv.Value.Kind() != constant.String {
			u.Refuse(s.Pos, "the names of the header's fields are not constant", "put a Host field into Host and subprotocols into Subprotocols of the options")
			return out, false
		}
		key := constant.StringVal(tv.Value)
		vals, isLit := ast.Unparen(kv.Value).(*ast.CompositeLit)
		switch {
		case key == "Host":
			if !isLit || len(vals.Elts) != 1 {
				u.Refuse(s.Pos, "the Host field of the header is not a literal of one value", "put it into Host of the options")
				return out, false
			}
			out.host = []any{vals.Elts[0]}
		case textproto.CanonicalMIMEHeaderKey(key) == protocolHeader:
			if !isLit || len(vals.Elts) != 1 || !singleToken(f, vals.Elts[0]) {
				u.Refuse(s.Pos, "the header asks for subprotocols that are not single constants", "put them into Subprotocols of the options")
				return out, false
			}
			out.subprotocols = []any{"[]string{", vals.Elts[0], "}"}
		default:
			keep = append(keep, el)
		}
	}
	switch {
	case len(keep) == len(lit.Elts):
		out.value = []any{lit}
	case len(keep) > 0:
		out.value = []any{lit.Type, "{"}
		for i, e := range keep {
			if i > 0 {
				out.value = append(out.value, ", ")
			}
			out.value = append(out.value, e)
		}
		out.value = append(out.value, "}")
	}
	return out, true
}

// singleToken reports whether e is a constant string without a comma.
func singleToken(f *flow.File, e ast.Expr) bool {
	tv := f.Pkg.TypesInfo.Types[e]
	return tv.Value != nil && tv.Value.Kind() == constant.String && !strings.Contains(constant.StringVal(tv.Value), ",")
}

// headerKeys finds out which fields of interest a header may have.
type headerKeys struct {
	u        *unit.Unit
	seen     map[types.Object]bool
	host     bool
	protocol bool // Sec-WebSocket-Protocol
	lists    bool // … with a value that may be a list
	unknown  bool
}

// key notes a field that is set to values. A raw name is one that the map is
// given as it stands.
func (k *headerKeys) key(f *flow.File, raw bool, name ast.Expr, values ...ast.Expr) {
	tv := f.Pkg.TypesInfo.Types[name]
	if tv.Value == nil || tv.Value.Kind() != constant.String {
		k.unknown = true
		return
	}
	switch textproto.CanonicalMIMEHeaderKey(constant.StringVal(tv.Value)) {
	case "Host":
		k.host = true
	case protocolHeader:
		k.protocol = true
		if raw && constant.StringVal(tv.Value) != protocolHeader {
			k.lists = true // not what Values looks for
		}
		for _, v := range values {
			if lit, ok := ast.Unparen(v).(*ast.CompositeLit); ok {
				for _, e := range lit.Elts {
					k.lists = k.lists || !singleToken(f, e)
				}
				continue
			}
			k.lists = k.lists || !singleToken(f, v)
		}
	}
}

func (k *headerKeys) expr(f *flow.File, e ast.Expr, depth int) {
	if depth == 0 {
		k.unknown = true
		return
	}
	switch x := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		for _, el := range x.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				k.key(f, true, kv.Key, kv.Value)
			} else {
				k.unknown = true
			}
		}
		return
	case *ast.CallExpr:
		if f.Pkg.TypesInfo.Types[x.Fun].IsType() && len(x.Args) == 1 {
			k.expr(f, x.Args[0], depth-1)
			return
		}
		if id, ok := ast.Unparen(x.Fun).(*ast.Ident); ok {
			if b, ok := f.Pkg.TypesInfo.Uses[id].(*types.Builtin); ok && b.Name() == "make" {
				return
			}
		}
		known := eachReturn(k.u, f, x, func(g *flow.File, e ast.Expr) {
			if e == nil {
				k.unknown = true
				return
			}
			k.expr(g, e, depth-1)
		})
		if known {
			return
		}
	case *ast.Ident:
		if f.Pkg.TypesInfo.Types[x].IsNil() {
			return
		}
		if v, ok := f.Pkg.TypesInfo.ObjectOf(x).(*types.Var); ok && !v.IsField() {
			k.variable(f, v, depth)
			return
		}
	}
	k.unknown = true
}

// variable looks at all that happens to a header variable.
func (k *headerKeys) variable(f *flow.File, v *types.Var, depth int) {
	if k.seen[v] {
		return
	}
	k.seen[v] = true
	if v.Parent() == nil || v.Parent() == v.Pkg().Scope() {
		k.unknown = true
		return
	}
	if args, ok := paramArgs(k.u, f, v); ok && len(args) > 0 {
		for _, a := range args {
			k.expr(a.f, a.e, depth-1)
		}
	} else if isParam(f, v) {
		k.unknown = true
		return
	}
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.ObjectOf(id) != types.Object(v) {
			continue
		}
		parent := c.Parent().Node()
		switch e, i := c.ParentEdge(); e {
		case edge.AssignStmt_Lhs:
			as := parent.(*ast.AssignStmt)
			if len(as.Rhs) != len(as.Lhs) {
				k.unknown = true
				continue
			}
			k.expr(f, as.Rhs[i], depth-1)
		case edge.ValueSpec_Names:
			vs := parent.(*ast.ValueSpec)
			if len(vs.Values) == len(vs.Names) {
				k.expr(f, vs.Values[i], depth-1)
			} else if len(vs.Values) > 0 {
				k.unknown = true
			}
		case edge.Field_Names, edge.BinaryExpr_X, edge.BinaryExpr_Y, edge.RangeStmt_X:
		case edge.ReturnStmt_Results:
			// What a function makes and returns is looked at by its callers.
			k.unknown = k.unknown || isParam(f, v)
		case edge.IndexExpr_X:
			ix := parent.(*ast.IndexExpr)
			if kk, j := c.Parent().ParentEdge(); kk == edge.AssignStmt_Lhs {
				as := c.Parent().Parent().Node().(*ast.AssignStmt)
				if len(as.Rhs) == len(as.Lhs) {
					k.key(f, true, ix.Index, as.Rhs[j])
				} else {
					k.unknown = true
				}
			}
		case edge.SelectorExpr_X:
			call, ok := c.Parent().Parent().Node().(*ast.CallExpr)
			if !ok || call.Fun != parent {
				k.unknown = true
				continue
			}
			switch parent.(*ast.SelectorExpr).Sel.Name {
			case "Set", "Add":
				k.key(f, false, call.Args[0], call.Args[1])
			case "Get", "Values", "Del", "Clone":
			default:
				k.unknown = true
			}
		case edge.CallExpr_Args:
			call := parent.(*ast.CallExpr)
			// The call may be of another cluster.
			if s := dialerSite(k.u, f, call.Fun); s != nil && (s.Symbol == "Dialer.Dial" || s.Symbol == "Dialer.DialContext") {
				continue
			}
			if f.Pkg.TypesInfo.Types[call.Fun].IsType() {
				k.unknown = true // a conversion may be a second name for it
				continue
			}
			if b, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && (b.Name == "len" || b.Name == "delete") {
				continue
			}
			if fn := calledFunc(f, call); fn != nil && k.passedOn(fn, i, depth) {
				continue
			}
			k.unknown = true
		default:
			k.unknown = true
		}
	}
}

// passedOn looks at what a function of the tree does to the header that it
// gets as parameter i.
func (k *headerKeys) passedOn(fn *types.Func, i, depth int) bool {
	g, decl := declaration(k.u, fn)
	sig := fn.Signature()
	if decl == nil || decl.Body == nil || sig.Variadic() || i >= sig.Params().Len() || depth <= 1 {
		return false
	}
	n := 0
	for _, p := range decl.Type.Params.List {
		for _, id := range p.Names {
			if n == i {
				if v, ok := g.Pkg.TypesInfo.Defs[id].(*types.Var); ok {
					k.variable(g, v, depth-1)
					return true
				}
				return id.Name == "_"
			}
			n++
		}
	}
	return false
}
