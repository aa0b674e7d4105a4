package rules

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var addrRule = &unit.Rule{
	Name: "addr",
	Doc: `The target's Conn has no addresses. Where the request of the handshake is at hand, RemoteAddr as a string becomes
r.RemoteAddr, and LocalAddr what http.Server put into the request's context. Elsewhere a type of the package takes the
place of Conn, which embeds it and knows the network connection below, and has the methods that ask for it.`,
	Plan: planAddrs,
}

// planAddrs takes all addresses from requests.
func planAddrs(u *unit.Unit) {
	for _, s := range u.Sites("Conn.RemoteAddr", "Conn.LocalAddr") {
		planAddr(u, s)
	}
	for _, s := range u.Sites("Conn.NetConn", "Conn.UnderlyingConn") {
		m, _ := wsapi.MappingOf(s.Symbol)
		u.RefuseSite(s, "the network connection is asked for", m.ByHand)
	}
}

func planAddr(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	f := s.File
	m, _ := wsapi.MappingOf(s.Symbol)
	c, ok := unit.CallCursor(s)
	if !ok {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", m.ByHand)
		return
	}
	req := requestOf(u, s)
	if req == "" {
		u.Refuse(s.Pos, "the request of the connection's handshake is not at hand", m.ByHand)
		return
	}
	if s.Symbol == "Conn.LocalAddr" {
		u.Replace(f, c.Node().Pos(), c.Node().End(), req+".Context().Value("+u.Import(f, "net/http", "http")+".LocalAddrContextKey).("+u.Import(f, "net", "net")+".Addr)")
		return
	}
	n, ok := asString(f, unit.OutermostParen(c))
	if !ok {
		u.Refuse(s.Pos, "the address is used other than as a string", m.ByHand)
		return
	}
	u.Replace(f, n.Pos(), n.End(), req+".RemoteAddr")
	u.Note(f, n.Pos(), "addr", "a middleware that sets r.RemoteAddr, say from a proxy's header, now has its say")
}

// asString returns the expression that yields the string of the address that
// the call at c returns: c.RemoteAddr().String(), or the address itself where
// it is printed.
func asString(f *flow.File, c inspector.Cursor) (ast.Node, bool) {
	switch k, i := c.ParentEdge(); k {
	case edge.SelectorExpr_X:
		if c.Parent().Node().(*ast.SelectorExpr).Sel.Name != "String" {
			return nil, false
		}
		if kk, _ := c.Parent().ParentEdge(); kk == edge.CallExpr_Fun {
			return c.Parent().Parent().Node(), true
		}
	case edge.CallExpr_Args:
		call := c.Parent().Node().(*ast.CallExpr)
		fn := calledFunc(f, call)
		if fn == nil || fn.Pkg() == nil {
			return nil, false
		}
		switch fn.Pkg().Path() {
		case "fmt", "log", "testing":
		default:
			return nil, false
		}
		for _, a := range call.Args[:i] {
			tv := f.Pkg.TypesInfo.Types[a]
			if tv.Value == nil || tv.Value.Kind() != constant.String {
				continue
			}
			if v := constant.StringVal(tv.Value); strings.Contains(v, "%#") || strings.Contains(v, "%T") || strings.Contains(v, "%q") || strings.Contains(v, "%x") {
				return nil, false
			}
		}
		return c.Node(), true
	}
	return nil, false
}

// requestOf returns the name of the *http.Request that the connection at s was
// upgraded from, if it is in scope there and still the same, or "".
func requestOf(u *unit.Unit, s *flow.Site) string {
	f := s.File
	conn, ok := objectOf(f, orNil(unit.Recv(s))).(*types.Var)
	if !ok {
		return ""
	}
	var call *ast.CallExpr
	for c := range f.Root.Preorder((*ast.AssignStmt)(nil)) {
		as := c.Node().(*ast.AssignStmt)
		for i, l := range as.Lhs {
			if objectOf(f, l) != types.Object(conn) {
				continue
			}
			up, ok := ast.Unparen(as.Rhs[0]).(*ast.CallExpr)
			if !ok || i != 0 || call != nil {
				return ""
			}
			cs := callSite(u, f, up)
			if cs == nil || cs.Symbol != "Upgrader.Upgrade" && cs.Symbol != "Upgrade" || len(up.Args) < 3 {
				return ""
			}
			call = up
		}
	}
	if call == nil {
		return ""
	}
	r, ok := objectOf(f, call.Args[1]).(*types.Var)
	if !ok || r.IsField() || r.Parent() == r.Pkg().Scope() {
		return ""
	}
	scope := f.Pkg.Types.Scope().Innermost(s.Ident.Pos())
	if _, o := scope.LookupParent(r.Name(), s.Ident.Pos()); o != types.Object(r) {
		return ""
	}
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[c.Node().(*ast.Ident)] != types.Object(r) {
			continue
		}
		switch k, _ := c.ParentEdge(); k {
		case edge.AssignStmt_Lhs:
			return ""
		case edge.UnaryExpr_X:
			if c.Parent().Node().(*ast.UnaryExpr).Op == token.AND {
				return ""
			}
		case edge.SelectorExpr_X:
			sel := c.Parent()
			if kk, _ := sel.ParentEdge(); kk == edge.AssignStmt_Lhs && sel.Node().(*ast.SelectorExpr).Sel.Name == "RemoteAddr" {
				return ""
			}
		}
	}
	return r.Name()
}
