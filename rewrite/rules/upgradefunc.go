package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// The function Upgrade checks no Origin and leaves it to its caller to answer
// a handshake that it refuses. Accept answers these itself: where the caller
// does no more than say so with http.Error, that goes, and where it does
// anything else with the ResponseWriter, Accept's answer is held back.

// planUpgradeFunc converts one call of the function Upgrade.
func planUpgradeFunc(u *unit.Unit, s *flow.Site) {
	f := s.File
	c, call, ok := upgradeCall(u, s, 5)
	if !ok {
		return
	}
	if !pure(call.Args[3]) || !pure(call.Args[4]) {
		u.Refuse(s.Pos, "the buffer sizes are computed in the call", "drop them")
		return
	}
	u.Note(f, s.Ident.Pos(), "upgrade", "every Origin is still accepted, as Upgrade does not look at it: any web page may connect with its visitor's cookies")
	answers, ok := refusalAnswers(u, f, c, call)
	if !ok {
		planUpgradeSilently(u, s, c)
		return
	}
	for _, st := range answers {
		u.DeleteStmt(f, st)
	}
	u.Note(f, s.Ident.Pos(), "upgrade", "a handshake that is refused is answered by Accept, in its own words and with status 426, 405 or 400")
	open, shut, ok := acceptHead(u, s)
	if !ok {
		return
	}
	u.Replace(f, call.Pos(), call.End(), open, call.Args[0], ", ", call.Args[1], ", &"+u.Lib(f)+".AcceptOptions{InsecureSkipVerify: true})"+shut)
	if planResponseHeader(u, s, c, call) {
		planUnlimited(u, s, c)
	}
}

// planUpgradeSilently converts a call whose caller answers refused handshakes
// in a way of its own.
func planUpgradeSilently(u *unit.Unit, s *flow.Site, c inspector.Cursor) {
	f, call := s.File, c.Node().(*ast.CallExpr)
	var open, shut, writer string
	if u.Wrapper != "" {
		ok := false
		if open, shut, writer, ok = upgradeHead(u, s, c); !ok {
			return
		}
	}
	if !useHelper(u, s, "errorAcceptor") {
		return
	}
	u.Note(f, s.Ident.Pos(), "upgrade", "the reason of a refused handshake is told in the target's words")
	http := u.Import(f, "net/http", "http")
	to := any(call.Args[0])
	if writer != "" {
		to = writer
	}
	u.Replace(f, call.Pos(), call.End(), open+"(&errorAcceptor{\n"+
		"\tCheckOrigin: func(*"+http+".Request) bool { return true },\n"+
		"\tError:       func("+http+".ResponseWriter, *"+http+".Request, int, error) {}, // the caller answers\n"+
		"}).Upgrade(", to, ", ", call.Args[1], ", ", call.Args[2], ")"+shut)
}

// refusalAnswers returns the statements that answer a handshake which the call
// at c has refused. It reports false if there may be answers of other kinds.
func refusalAnswers(u *unit.Unit, f *flow.File, c inspector.Cursor, call *ast.CallExpr) ([]ast.Stmt, bool) {
	w, ok := objectOf(f, call.Args[0]).(*types.Var)
	fn, inFunc := unit.Func(c)
	as, assigned := assignment(c)
	if !ok || !inFunc || !assigned || len(as.Lhs) != 2 {
		return nil, false
	}
	if _, ft := unit.Body(fn.Node()); ft.Results.NumFields() > 0 {
		return nil, false // the error, or what stands for it, is told to others
	}
	if g, _, ok := paramOf(f, w); !ok || g.Node() != fn.Node() {
		return nil, false
	}
	err, ok := objectOf(f, as.Lhs[1]).(*types.Var)
	if !ok {
		return nil, false
	}
	var out []ast.Stmt
	for id := range fn.Preorder((*ast.Ident)(nil)) {
		if f.Pkg.TypesInfo.Uses[id.Node().(*ast.Ident)] != types.Object(w) || id.Node().Pos() < call.End() {
			continue
		}
		k, i := id.ParentEdge()
		if k != edge.CallExpr_Args || i != 0 || !isFunc(f, id.Parent().Node().(*ast.CallExpr).Fun, "net/http", "Error") {
			return nil, false
		}
		st, _, _, ok := unit.Stmt(id)
		es, isExpr := st.Node().(*ast.ExprStmt)
		if !ok || !isExpr || es.X != ast.Expr(id.Parent().Node().(*ast.CallExpr)) || !pureArgs(es.X.(*ast.CallExpr)) || !ifAbout(u, f, st, err) {
			return nil, false
		}
		out = append(out, es)
	}
	return out, true
}

// pureArgs reports whether a call of http.Error may go with its arguments:
// they are constants, or calls of a method without arguments such as
// err.Error().
func pureArgs(call *ast.CallExpr) bool {
	for _, a := range call.Args[1:] {
		if x, ok := ast.Unparen(a).(*ast.CallExpr); ok && len(x.Args) == 0 {
			a = x.Fun
		}
		if !pure(a) {
			return false
		}
	}
	return true
}

// ifAbout reports whether the statement at c runs only where an if has looked at
// the error that the function Upgrade has returned.
func ifAbout(u *unit.Unit, f *flow.File, c inspector.Cursor, err *types.Var) bool {
	for is := range c.Enclosing((*ast.IfStmt)(nil)) {
		n := is.Node().(*ast.IfStmt)
		if countUses(f, n.Cond, err) > 0 || n.Init != nil && countUses(f, n.Init, err) > 0 {
			return ofUpgrade(u, f, is, err)
		}
	}
	return false
}
