package rules

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A closePayload is what a close frame carries.
type closePayload struct {
	code, text []any
	raw        ast.Expr // a payload that was made elsewhere, in place of them
	def        ast.Stmt // the statement that made it, to be deleted; or nil
	sites      []*flow.Site
}

// args returns the arguments of Close.
func (p *closePayload) args() []any {
	if p.raw != nil {
		return []any{"splitClosePayload(", p.raw, ")"}
	}
	return append(append(append([]any{}, p.code...), ", "), p.text...)
}

const splitClosePayloadHelper = `
// splitClosePayload returns the code and the reason of a close frame's payload.
func splitClosePayload(p []byte) (websocket.StatusCode, string) {
	if len(p) < 2 {
		return websocket.StatusNoStatusRcvd, ""
	}
	return websocket.StatusCode(binary.BigEndian.Uint16(p)), string(p[2:])
}
`

const formatClosePayloadHelper = `
// formatClosePayload returns the payload of a close frame.
func formatClosePayload(code int, reason string) []byte {
	if code == int(websocket.StatusNoStatusRcvd) {
		return []byte{}
	}
	return append([]byte{byte(code >> 8), byte(code)}, reason...)
}
`

const payloadNote = "Close sends code 1011 in place of a payload that does not begin with a code that may be sent, or is longer than 125 bytes"

// payload takes a close frame's payload apart; the text says why it cannot.
func payload(u *unit.Unit, fr *frame) (*closePayload, string) {
	if fr.data == nil {
		return nil, "the payload of the close frame is made in the function that writes it"
	}
	p, why := knownPayload(u, fr.file, fr.data, 2)
	if p != nil || why != "" {
		return p, why
	}
	if !needHelper(u, fr.file, fr.call.Pos(), "splitClosePayload") {
		return nil, "the payload of the close frame is made elsewhere"
	}
	u.Note(fr.file, fr.call.Pos(), "closeframe", payloadNote)
	return &closePayload{raw: fr.data}, ""
}

// knownPayload takes a payload apart that is made for this frame alone. It
// returns nothing where it is not.
func knownPayload(u *unit.Unit, f *flow.File, e ast.Expr, depth int) (*closePayload, string) {
	e = ast.Unparen(e)
	empty := &closePayload{code: []any{u.Lib(f) + ".StatusNoStatusRcvd"}, text: []any{`""`}}
	if unit.IsNil(f, e) {
		return empty, ""
	}
	switch e := e.(type) {
	case *ast.CompositeLit:
		if len(e.Elts) == 0 {
			return empty, ""
		}
	case *ast.CallExpr:
		if tv := f.Pkg.TypesInfo.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			if v := f.Pkg.TypesInfo.Types[e.Args[0]].Value; v != nil && v.Kind() == constant.String && constant.StringVal(v) == "" {
				return empty, ""
			}
			return nil, ""
		}
		if id, ok := e.Fun.(*ast.Ident); ok && id.Name == "make" {
			if n, ok := unit.ConstInt(f, e.Args[len(e.Args)-1]); ok && n == 0 {
				return empty, ""
			}
		}
		fs := callSite(u, f, e)
		if fs == nil || fs.Symbol != "FormatCloseMessage" || len(e.Args) != 2 {
			return nil, ""
		}
		code, why := closeCode(u, f, e.Args[0])
		if code == nil {
			return nil, why
		}
		p := &closePayload{code: code, text: []any{e.Args[1]}, sites: u.Within(f, e)}
		if v := f.Pkg.TypesInfo.Types[e.Args[1]].Value; v != nil && v.Kind() == constant.String {
			if len(constant.StringVal(v)) > 123 {
				return nil, "the reason is longer than the 123 bytes of a close frame"
			}
		} else {
			u.Note(f, e.Args[1].Pos(), "closeframe", "a reason of more than 123 bytes makes Close send code 1011; gorilla sent no frame at all")
		}
		return p, ""
	case *ast.Ident:
		if depth == 0 {
			break
		}
		v := objectOf(f, e)
		def, rhs := singleUse(f, v)
		if def == nil {
			break
		}
		p, why := knownPayload(u, f, rhs, depth-1)
		if p == nil {
			return nil, why
		}
		for _, part := range append(append([]any{}, p.code...), p.text...) {
			if x, ok := part.(ast.Expr); ok && !pure(x) {
				return nil, ""
			}
		}
		p.def = def
		p.code, p.text = flat(f, p.code), flat(f, p.text)
		return p, ""
	}
	return nil, ""
}

// flat turns quoted expressions into text, for use at another place.
func flat(f *flow.File, parts []any) []any {
	out := make([]any, len(parts))
	for i, p := range parts {
		if x, ok := p.(ast.Expr); ok {
			p = f.Text(x)
		}
		out[i] = p
	}
	return out
}

// singleUse returns the statement that defines v and the expression, if v is
// a local variable defined once by := and used once.
func singleUse(f *flow.File, v types.Object) (ast.Stmt, ast.Expr) {
	if v == nil {
		return nil, nil
	}
	uses := 0
	var def ast.Stmt
	var rhs ast.Expr
	for c := range f.Root.Preorder((*ast.Ident)(nil)) {
		id := c.Node().(*ast.Ident)
		if f.Pkg.TypesInfo.Uses[id] == v {
			uses++
		}
		if f.Pkg.TypesInfo.Defs[id] == v {
			if as, ok := c.Parent().Node().(*ast.AssignStmt); ok && len(as.Lhs) == 1 && len(as.Rhs) == 1 && inList(f, as) {
				def, rhs = as, as.Rhs[0]
			}
		}
	}
	if uses != 1 {
		return nil, nil
	}
	return def, rhs
}

// closeCode returns the parts of a close code as the target's StatusCode.
func closeCode(u *unit.Unit, f *flow.File, e ast.Expr) ([]any, string) {
	if n, ok := unit.ConstInt(f, e); ok {
		if n == 1006 || n == 1015 {
			return nil, "code " + strconv.FormatInt(n, 10) + " must not be sent in a close frame"
		}
		if id := lastIdent(e); id != nil {
			if cs := u.SiteAt(id); cs != nil {
				if m, ok := wsapi.MappingOf(cs.Symbol); ok && len(m.To(u.Target)) > 0 {
					return []any{u.Lib(f) + "." + string(m.To(u.Target)[0])}, ""
				}
			}
		}
		if b, ok := f.Pkg.TypesInfo.Types[e].Type.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			return []any{e}, ""
		}
		if _, ok := ast.Unparen(e).(*ast.BasicLit); ok {
			return []any{e}, ""
		}
	}
	if len(u.Within(f, e)) > 0 {
		if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
			if cs := u.SiteAt(sel.Sel); cs != nil && cs.Symbol == "CloseError.Code" {
				return []any{e}, "" // a StatusCode after the conversion
			}
		}
	}
	return []any{u.Lib(f) + ".StatusCode(", e, ")"}, ""
}

// lastIdent returns the identifier that names e: x, or Sel of a.x.
func lastIdent(e ast.Expr) *ast.Ident {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e
	case *ast.SelectorExpr:
		return e.Sel
	}
	return nil
}
