package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// Where deadlines cannot become contexts of the calls that they hold for, or
// the network connection is asked for, the type Conn is replaced by a type of
// the package that embeds it and has what it lacks. Its methods have the names
// that the code calls, so that nothing but the type and the places where a
// connection is made has to change.

// Types that take the place of Conn.
const (
	deadlineConn     = "deadlineConn"     // with deadlines
	addrConn         = "addrConn"         // with the network connection
	deadlineAddrConn = "deadlineAddrConn" // with both
)

var (
	deadlineSetters = []wsapi.Symbol{"Conn.SetReadDeadline", "Conn.SetWriteDeadline"}
	netConnGetters  = []wsapi.Symbol{"Conn.RemoteAddr", "Conn.LocalAddr", "Conn.NetConn", "Conn.UnderlyingConn"}
)

// planWrapper decides whether a type takes the place of Conn, which is the
// second choice: the deadlines that contexts stand for, and the addresses that
// a request tells, are converted.
func planWrapper(u *unit.Unit) {
	if setters := u.Sites(deadlineSetters...); len(setters) > 0 && netSeesDeadlines(u) {
		u.RefuseSite(setters[0], "the network connection may be of a type of the program's own that looks at deadlines, which the target does not set there", "let that type look at the contexts of the calls, or not at all")
		return
	}
	deadlines, addrs := interfaceNeeds(u)
	handlers := handlerWrapper(u, false) != ""
	deadlines = deadlines || handlers || !u.Try(func() { planDeadlineContexts(u) })
	addrs = addrs || !u.Try(func() { planAddrs(u) })
	name := ""
	switch {
	case handlers:
		name = handlerWrapper(u, addrs)
	case deadlines && addrs:
		name = deadlineAddrConn
	case deadlines:
		name = deadlineConn
	case addrs:
		name = addrConn
	default:
		return
	}
	if u.Try(func() { wrapConns(u, name, deadlines, addrs) }) {
		return
	}
	if deadlines {
		planDeadlineContexts(u)
	}
}

// hasDeadlines reports whether the type that takes Conn's place has deadlines.
func hasDeadlines(u *unit.Unit) bool {
	w := embeddedWrapper(u.Wrapper)
	return w == deadlineConn || w == deadlineAddrConn
}

// hasNetConn reports whether the type that takes Conn's place knows the
// network connection.
func hasNetConn(u *unit.Unit) bool {
	w := embeddedWrapper(u.Wrapper)
	return w == addrConn || w == deadlineAddrConn
}

const wrapHelp = "keep what the connection lacks in a type of your own that embeds it"

// wrapConns replaces Conn by the type name throughout the cluster.
func wrapConns(u *unit.Unit, name string, deadlines, addrs bool) {
	u.Wrapper = name
	refuse := func(s *flow.Site, text string) { u.Refuse(s.Pos, text, wrapHelp) }
	sites := u.All("Conn", "Upgrader.Upgrade", "Upgrade", "Dialer.Dial", "Dialer.DialContext", "Conn.Unwrap", "Wrap")
	fields, ok := embeddedFields(u)
	if !ok {
		refuse(u.All("Conn")[0], "the connection needs a type that embeds it, and is itself embedded in a way that is not known")
		return
	}
	home, fits := findHome(u, wrapperUsers(u, sites, fields))
	u.Home = home
	for _, s := range sites {
		switch {
		case s.Symbol == "Conn.Unwrap" || s.Symbol == "Wrap":
			refuse(s, "the connection needs a type that embeds it, and code that is already native shares it")
			return
		case !fits || u.Home != nil && hasHandlers(name):
			refuse(s, "the connection needs a type that embeds it, and crosses packages")
			return
		case shadowsHome(u, u.Home, s):
			refuse(s, "the connection needs a type that embeds it, and the name of its package means something else here")
			return
		case !needHelpers(u, s, wrapperHelpers(name)...):
			return
		}
	}
	if len(sites) == 0 {
		refuse(u.Cluster.Sites[0], "the connection needs a type that embeds it, and is made elsewhere")
		return
	}
	for _, field := range fields {
		u.Replace(field.file, field.id.Pos(), field.id.End(), homeMember(u, u.Wrapper))
	}
	if deadlines {
		for _, s := range u.Sites(deadlineSetters...) {
			u.Claim(s)
			noteDeadline(u, s.File, s.Ident.Pos(), s.Symbol)
		}
	}
	if addrs {
		for _, s := range u.Sites(netConnGetters...) {
			u.Claim(s)
			if s.Symbol == "Conn.NetConn" || s.Symbol == "Conn.UnderlyingConn" {
				if !useHelper(u, s, addrConn+"."+s.Ident.Name) {
					return
				}
			}
		}
	}
}

// noteDeadline says what differs for deadlines that a method sets.
func noteDeadline(u *unit.Unit, f *flow.File, pos token.Pos, setter wsapi.Symbol) {
	text := "a read that runs into its deadline closes the connection; in gorilla writes still went on"
	if setter == "Conn.SetWriteDeadline" {
		text = "a write that runs into its deadline closes the connection; in gorilla reads still went on"
	}
	u.Note(f, pos, "deadline", text)
}

// wrapperHelpers returns the helpers that declare the type.
func wrapperHelpers(name string) []string {
	if hasHandlers(name) {
		return append(wrapperHelpers(embeddedWrapper(name)), handlerHelpers(name)...)
	}
	switch name {
	case deadlineConn:
		return []string{deadlineConn, "callDeadline"}
	case addrConn:
		return []string{addrConn}
	}
	return []string{deadlineAddrConn, "callDeadline", addrConn}
}

// needHelpers is useHelper for several.
func needHelpers(u *unit.Unit, s *flow.Site, names ...string) bool {
	for _, n := range names {
		if !useHelper(u, s, n) {
			return false
		}
	}
	return true
}

// A fieldUse is where a file names a field that embeds the connection.
type fieldUse struct {
	file *flow.File
	id   *ast.Ident
}

// embeddedFields returns the uses of the fields that the cluster's types make
// by being embedded. It reports false where a field is not known.
func embeddedFields(u *unit.Unit) (uses []fieldUse, ok bool) {
	for _, s := range u.All("Conn") {
		if !embeds(s) {
			continue
		}
		field := embeddedField(s)
		if field == nil {
			return nil, false
		}
		for _, g := range u.Graph.InOrder() {
			for c := range g.Root.Preorder((*ast.Ident)(nil)) {
				id := c.Node().(*ast.Ident)
				if o, ok := g.Pkg.TypesInfo.Uses[id].(*types.Var); ok && samePlace(u, o, field) {
					uses = append(uses, fieldUse{g, id})
				}
			}
		}
	}
	return uses, true
}

// wrapperUsers returns the files that name the type which takes Conn's place,
// or what of it is not exported unless several packages use it.
func wrapperUsers(u *unit.Unit, sites []*flow.Site, fields []fieldUse) []*flow.File {
	var out []*flow.File
	for _, s := range sites {
		out = append(out, s.File)
	}
	for _, use := range fields {
		out = append(out, use.file)
	}
	if !hasDeadlines(u) {
		return out
	}
	for _, s := range u.All("Conn.ReadJSON", "Conn.WriteJSON", "ReadJSON", "WriteJSON") {
		out = append(out, s.File)
	}
	for _, s := range u.All("Conn.WriteMessage") {
		if call := unit.Call(s); call == nil || len(call.Args) != 2 {
			out = append(out, s.File)
		} else if _, ok := unit.ConstInt(s.File, call.Args[0]); !ok {
			out = append(out, s.File)
		}
	}
	return out
}

// embeddedField returns the field that the type of the site makes by being
// embedded, or nil.
func embeddedField(s *flow.Site) *types.Var {
	c := qualifiedCursor(s)
	for {
		k, _ := c.ParentEdge()
		if k == edge.TypeSpec_Type {
			return nil
		}
		if k == edge.Field_Type {
			break
		}
		c = c.Parent()
	}
	st, ok := s.File.Pkg.TypesInfo.TypeOf(c.Parent().Parent().Parent().Node().(*ast.StructType)).(*types.Struct)
	if !ok {
		return nil
	}
	for i := range st.NumFields() {
		if v := st.Field(i); v.Embedded() && v.Pos() == s.Ident.Pos() {
			return v
		}
	}
	return nil
}

// acceptHead returns what the call of Upgrade becomes, up to its arguments, and
// what follows its closing parenthesis. It reports false after refusing.
func acceptHead(u *unit.Unit, s *flow.Site) (open, shut string, ok bool) {
	switch embeddedWrapper(u.Wrapper) {
	case deadlineConn:
		open, shut, ok = homeName(u, s.File, "acceptedConn")+"("+u.Lib(s.File)+".Accept(", ")", needHelpers(u, s, "acceptedConn")
	case addrConn:
		open, shut, ok = homeName(u, s.File, "acceptAddrConn")+"(", "", needHelpers(u, s, "acceptAddrConn", "addrConnBy")
	case deadlineAddrConn:
		open, shut, ok = homeName(u, s.File, "acceptedAddrConn")+"("+homeName(u, s.File, "acceptAddrConn")+"(", ")", needHelpers(u, s, "acceptAddrConn", "addrConnBy", "acceptedAddrConn")
	default:
		return u.Lib(s.File) + ".Accept(", "", true
	}
	if !ok {
		return open, shut, false
	}
	return pongConnHead(u, s, "accepted", open, shut)
}

// dialHead is acceptHead for the call of Dial.
func dialHead(u *unit.Unit, s *flow.Site) (open, shut string, ok bool) {
	switch embeddedWrapper(u.Wrapper) {
	case deadlineConn:
		open, shut, ok = homeName(u, s.File, "dialledConn")+"("+u.Lib(s.File)+".Dial(", ")", needHelpers(u, s, "dialledConn")
	case addrConn:
		open, shut, ok = homeName(u, s.File, "dialAddrConn")+"(", "", needHelpers(u, s, "dialAddrConn")
	case deadlineAddrConn:
		open, shut, ok = homeName(u, s.File, "dialledAddrConn")+"("+homeName(u, s.File, "dialAddrConn")+"(", ")", needHelpers(u, s, "dialAddrConn", "dialledAddrConn")
	default:
		return u.Lib(s.File) + ".Dial(", "", true
	}
	if !ok {
		return open, shut, false
	}
	return pongConnHead(u, s, "dialled", open, shut)
}

// wrapUpgrade wraps the call of an acceptor's Upgrade. It reports false after
// refusing.
func wrapUpgrade(u *unit.Unit, s *flow.Site) bool {
	if u.Wrapper == "" {
		return true
	}
	f := s.File
	c, ok := unit.CallCursor(s)
	if !ok || len(c.Node().(*ast.CallExpr).Args) != 3 {
		u.Refuse(s.Pos, "Upgrade is used as a value", "call it in a function literal")
		return false
	}
	call := c.Node().(*ast.CallExpr)
	open, shut, writer, ok := upgradeHead(u, s, c)
	if writer != "" {
		u.Replace(f, call.Args[0].Pos(), call.Args[0].End(), writer)
	}
	u.Replace(f, call.Pos(), call.End(), open, call, shut)
	return ok
}

// upgradeHead returns what stands around a call of an acceptor's Upgrade in
// place of that at c, and its first argument unless that is the same. It reports
// false after refusing.
func upgradeHead(u *unit.Unit, s *flow.Site, c inspector.Cursor) (open, shut, writer string, ok bool) {
	f, call := s.File, c.Node().(*ast.CallExpr)
	if embeddedWrapper(u.Wrapper) == deadlineConn {
		open, shut, ok = pongConnHead(u, s, "accepted", homeName(u, f, "acceptedConn")+"(", ")")
		return open, shut, "", ok && needHelpers(u, s, "acceptedConn")
	}
	if !pure(call.Args[0]) {
		u.Refuse(s.Pos, "the ResponseWriter is computed in the call", "assign it to a variable first")
		return "", "", "", false
	}
	open, shut, writer = homeName(u, f, "addrConnBy")+"(", " })", u.Fresh(f, c, "rw")
	if embeddedWrapper(u.Wrapper) == deadlineAddrConn {
		open, shut, ok = pongConnHead(u, s, "accepted", homeName(u, f, "acceptedAddrConn")+"("+open, shut+")")
		if !ok || !needHelpers(u, s, "acceptedAddrConn") {
			return "", "", "", false
		}
	}
	open += f.Text(call.Args[0]) + ", func(" + writer + " " + u.Import(f, "net/http", "http") + ".ResponseWriter) (*" + u.Lib(f) + ".Conn, error) { return "
	return open, shut, writer, needHelpers(u, s, "addrConnBy")
}

// bareConn returns what has to follow a connection where a function of the
// target wants its own type.
func bareConn(u *unit.Unit) string {
	if u.Wrapper == "" {
		return ""
	}
	return ".Conn"
}

// interfaceNeeds reports whether an interface that a type with an embedded
// connection is used as asks for deadlines or for addresses.
func interfaceNeeds(u *unit.Unit) (deadlines, addrs bool) {
	for _, b := range u.Cluster.Boundaries {
		if b.Kind != flow.Interface {
			continue
		}
		for _, m := range b.Methods {
			deadlines = deadlines || slices.Contains(deadlineSetters, wsapi.Symbol("Conn."+m))
			addrs = addrs || slices.Contains(netConnGetters, wsapi.Symbol("Conn."+m))
		}
	}
	return deadlines, addrs
}

// provides reports whether the type that takes Conn's place has the method that
// gorilla's Conn has.
func provides(u *unit.Unit, method string) bool {
	switch sym := wsapi.Symbol("Conn." + method); {
	case slices.Contains(deadlineSetters, sym):
		return hasDeadlines(u)
	case slices.Contains(netConnGetters, sym):
		return hasNetConn(u) && strings.HasSuffix(method, "Addr")
	}
	return method == "Subprotocol"
}
