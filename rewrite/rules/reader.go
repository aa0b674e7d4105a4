package rules

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var readerRule = &unit.Rule{
	Name: "reader",
	Doc: `NextReader becomes Reader with a context, if the reader is read to its end before anything else is read: gorilla
discards the rest of a message, the target would take it for the next frame. A reader that may not be read to its
end becomes Read and a bytes.Reader over the message, which waits for the whole message and holds it in memory.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.NextReader") {
			c, ok := unit.CallCursor(s)
			if !ok {
				u.RefuseSite(s, "NextReader is used as a value", "call it in a function literal")
				continue
			}
			u.Claim(s)
			call := c.Node().(*ast.CallExpr)
			if !planMessageType(u, s, c) {
				continue
			}
			noteCut(u, s)
			if drained(u, s, c) {
				rename(u, s, "Reader")
				addContext(u, s, call)
				continue
			}
			planWholeMessage(u, s, c, call)
		}
	},
}

// drained reports whether the reader is read to its end right after its error
// check: by io.ReadAll, or by io.Copy on a path that closes the connection
// when the copy fails.
func drained(u *unit.Unit, s *flow.Site, c inspector.Cursor) bool {
	f := s.File
	as, ok := assignment(c)
	if !ok || len(as.Lhs) != 3 {
		return false
	}
	r := objectOf(f, as.Lhs[1])
	at, list, i, ok := unit.Stmt(c)
	if r == nil || !ok || at.Node() != ast.Node(as) {
		return false
	}
	uses := 0
	for id, o := range f.Pkg.TypesInfo.Uses {
		if o == r && id.Pos() > as.Pos() {
			uses++
		}
	}
	if uses != 1 {
		return false
	}
	for j := i + 1; j < len(list); j++ {
		st := list[j]
		if call := drainCall(f, st, r); call != nil {
			if isFunc(f, call.Fun, "io", "Copy") || isFunc(f, call.Fun, "io", "CopyBuffer") {
				return deferredClose(u, s)
			}
			return true
		}
		if chk, ok := st.(*ast.IfStmt); ok && chk.Init == nil {
			if o := objectOf(f, as.Lhs[2]); o != nil && unit.IsErrNotNil(f, chk.Cond, o) && terminates(f, chk.Body) && chk.Else == nil {
				continue
			}
		}
		if len(exits(f, st)) > 0 {
			return false
		}
	}
	return false
}

// drainCall returns the call in a statement of its own list that reads r to
// its end.
func drainCall(f *flow.File, st ast.Stmt, r types.Object) *ast.CallExpr {
	call, ok := evaluated(st).(*ast.CallExpr)
	if !ok {
		return nil
	}
	arg := -1
	switch {
	case isFunc(f, call.Fun, "io", "ReadAll"), isFunc(f, call.Fun, "io/ioutil", "ReadAll"):
		arg = 0
	case isFunc(f, call.Fun, "io", "Copy"), isFunc(f, call.Fun, "io", "CopyBuffer"):
		arg = 1
	}
	if arg < 0 || arg >= len(call.Args) || objectOf(f, call.Args[arg]) != r {
		return nil
	}
	return call
}

// planWholeMessage converts `t, r, err := c.NextReader()` to a Read and a
// reader of the message.
func planWholeMessage(u *unit.Unit, s *flow.Site, c inspector.Cursor, call *ast.CallExpr) {
	f := s.File
	rename(u, s, "Read")
	addContext(u, s, call)
	u.Note(f, s.Ident.Pos(), "reader", "the whole message is read into memory before it is looked at")
	as, ok := assignment(c)
	if !ok || len(as.Lhs) == 3 && isBlank(as.Lhs[1]) {
		return // nobody looks at it, or it is passed on
	}
	at, _, _, inList := unit.Stmt(c)
	if !inList || at.Node() != ast.Node(as) || len(as.Lhs) != 3 {
		u.Refuse(s.Pos, "the reader may not be read to its end, and is not assigned in a statement of its own", "Read the message and use a bytes.Reader")
		return
	}
	r := as.Lhs[1]
	b := u.Fresh(f, c, "message")
	u.Replace(f, r.Pos(), r.End(), b)
	bytes := u.Import(f, "bytes", "bytes")
	if as.Tok == token.DEFINE {
		id, isIdent := r.(*ast.Ident)
		if isIdent && f.Pkg.TypesInfo.Defs[id] != nil {
			u.Insert(f, as.End(), "\n"+f.Text(r)+" := "+bytes+".NewReader("+b+")")
			return
		}
		u.Insert(f, as.End(), "\n"+f.Text(r)+" = "+bytes+".NewReader("+b+")")
		return
	}
	u.Insert(f, as.Pos(), "var "+b+" []byte\n")
	u.Insert(f, as.End(), "\n"+f.Text(r)+" = "+bytes+".NewReader("+b+")")
}
