package rules

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var upgradeRule = &unit.Rule{
	Name: "upgrade",
	Doc: `An Upgrader becomes AcceptOptions and Upgrade becomes Accept. Without a CheckOrigin both refuse origins of other
hosts. One that always returns true becomes InsecureSkipVerify; any other stays a function that is asked before
Accept. Where the function is not known there, or refused handshakes are answered by one, the Upgrader becomes a type
of the package with the same fields. The buffer sizes and the handshake timeout have no counterpart. Response headers are set on the
ResponseWriter. A failed handshake is answered with other status codes: gorilla says 400 where the target says 426
or 405. The function Upgrade, which checks no Origin and answers nothing, becomes Accept with InsecureSkipVerify; an
http.Error of the caller goes, and where the caller does more, Accept's answer is held back.`,
	Plan: func(u *unit.Unit) {
		// A type of the package's own is the second choice.
		if !u.Try(func() { planUpgraders(u) }) && !u.Try(func() { planAcceptors(u) }) {
			planUpgraders(u)
		}
		for _, s := range u.Sites("Upgrade") {
			planUpgradeFunc(u, s)
		}
		for _, s := range u.Sites("HandshakeError") {
			planHandshakeError(u, s)
		}
	},
}

func planUpgraders(u *unit.Unit) {
	for _, s := range u.Sites("Upgrader") {
		u.Claim(s)
		qualify(u, s, "AcceptOptions")
		planOptionsLiteral(u, s, planUpgraderField)
	}
	for _, s := range u.Sites() {
		if isFieldOf(s, "Upgrader.") {
			planUpgraderAssignment(u, s)
		}
	}
	for _, s := range u.Sites("Upgrader.Upgrade") {
		planUpgrade(u, s)
	}
}

const handshakeTimeoutNote = "the write of the handshake's response no longer has a timeout; http.Server.WriteTimeout bounds it"

func isFieldOf(s *flow.Site, prefix string) bool {
	v, ok := s.Obj.(*types.Var)
	return ok && v.IsField() && len(s.Symbol) > len(prefix) && string(s.Symbol[:len(prefix)]) == prefix
}

// planOptionsLiteral calls field for each element of the composite literal
// whose type the site is. Literals without keys are refused.
func planOptionsLiteral(u *unit.Unit, s *flow.Site, field func(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr)) {
	lit := literalOf(s)
	if lit == nil {
		return
	}
	for _, el := range lit.Elts {
		kv, ok := el.(*ast.KeyValueExpr)
		if !ok {
			u.Refuse(s.Pos, "the literal has no field names", "name the fields")
			return
		}
		if id, ok := kv.Key.(*ast.Ident); ok {
			if fs := u.SiteAt(id); fs != nil {
				u.Claim(fs)
				field(u, fs, lit, kv)
			}
		}
	}
}

// literalOf returns the composite literal whose type the site is, or nil.
func literalOf(s *flow.Site) *ast.CompositeLit {
	c := s.Cursor
	if k, _ := c.ParentEdge(); k == edge.SelectorExpr_Sel {
		c = c.Parent()
	}
	if k, _ := c.ParentEdge(); k == edge.CompositeLit_Type {
		return c.Parent().Node().(*ast.CompositeLit)
	}
	return nil
}

// dropElement deletes an element of a literal, with its comma and line.
func dropElement(u *unit.Unit, f *flow.File, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	start, end := f.Offset(kv.Pos()), f.Offset(kv.End())
	src := f.Src
	e := end
	for e < len(src) {
		if src[e] == ' ' || src[e] == '\t' {
			e++
		} else if n := bytes.Index(src[e:], []byte("*/")); bytes.HasPrefix(src[e:], []byte("/*")) && n >= 0 {
			e += n + 2
		} else {
			break
		}
	}
	if e < len(src) && src[e] == ',' {
		end = e + 1
	} else if i := elementIndex(lit, kv); i > 0 && !u.Dropped(f, lit.Elts[i-1]) {
		// The last element of a line takes the comma before it.
		start = f.Offset(lit.Elts[i-1].End())
	}
	base := f.Syntax.FileStart
	sp := unit.LineSpan(f, base+token.Pos(start), base+token.Pos(end))
	u.Replace(f, sp.Pos, sp.End)
	u.ClaimWithin(f, kv)
}

func elementIndex(lit *ast.CompositeLit, kv *ast.KeyValueExpr) int {
	for i, e := range lit.Elts {
		if e == ast.Expr(kv) {
			return i
		}
	}
	return -1
}

func planUpgraderField(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	f := s.File
	switch s.Symbol {
	case "Upgrader.ReadBufferSize", "Upgrader.WriteBufferSize", "Upgrader.WriteBufferPool":
		dropElement(u, f, lit, kv)
	case "Upgrader.HandshakeTimeout":
		dropElement(u, f, lit, kv)
		u.Note(f, kv.Pos(), "upgrade", handshakeTimeoutNote)
	case "Upgrader.Subprotocols":
	case "Upgrader.EnableCompression":
		planCompression(u, s, lit, kv)
	case "Upgrader.CheckOrigin":
		switch {
		case unit.IsNil(f, kv.Value):
			dropElement(u, f, lit, kv)
		case alwaysTrue(u, f, kv.Value):
			u.ClaimWithin(f, kv)
			u.Replace(f, kv.Pos(), kv.End(), "InsecureSkipVerify: true")
			u.Note(f, kv.Pos(), "upgrade", "every Origin is still accepted, as CheckOrigin said: any web page may connect with its visitor's cookies")
		default:
			planOriginCheck(u, s, lit, kv)
		}
	case "Upgrader.Error":
		if unit.IsNil(f, kv.Value) {
			dropElement(u, f, lit, kv)
			return
		}
		u.Refuse(s.Pos, "Accept answers a failed handshake itself and has no hook for it", "check the request before Accept")
	}
}

const compressedLimitNote = "the read limit counts the decompressed size; gorilla's counts the bytes on the wire"

// planCompression converts EnableCompression in the literal of an Upgrader.
func planCompression(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	f := s.File
	sep := ", "
	if u.Graph.Fset.PositionFor(lit.Pos(), false).Line != u.Graph.Fset.PositionFor(kv.Pos(), false).Line {
		sep = ",\n"
	}
	tv := f.Pkg.TypesInfo.Types[kv.Value]
	if tv.Value == nil {
		if useHelper(u, s, "compressionModeOf") {
			u.Replace(f, kv.Pos(), kv.End(), "CompressionMode: compressionModeOf(", kv.Value, ")"+sep+"CompressionThreshold: 1")
			u.Note(f, kv.Pos(), "compression", compressedLimitNote)
		}
		return
	}
	if !constant.BoolVal(tv.Value) {
		dropElement(u, f, lit, kv)
		return
	}
	u.Replace(f, kv.Pos(), kv.End(), "CompressionMode: "+u.Lib(f)+".CompressionNoContextTakeover"+sep+"CompressionThreshold: 1")
	u.Note(f, kv.Pos(), "compression", compressedLimitNote)
}

// alwaysTrue reports whether e is a function that does nothing but return
// true: a literal, or a function declared in the tree.
func alwaysTrue(u *unit.Unit, f *flow.File, e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		return returnsTrue(f, e.Body)
	case *ast.Ident, *ast.SelectorExpr:
		id, ok := e.(*ast.Ident)
		if sel, isSel := e.(*ast.SelectorExpr); isSel {
			id, ok = sel.Sel, true
		}
		if !ok {
			return false
		}
		fn, ok := f.Pkg.TypesInfo.Uses[id].(*types.Func)
		if !ok {
			return false
		}
		for _, g := range u.Graph.Files {
			for c := range g.Root.Preorder((*ast.FuncDecl)(nil)) {
				d := c.Node().(*ast.FuncDecl)
				if o := g.Pkg.TypesInfo.Defs[d.Name]; o != nil && d.Body != nil && samePlace(u, o, fn) {
					return returnsTrue(g, d.Body)
				}
			}
		}
	}
	return false
}

// samePlace reports whether two objects are declared at the same place; the
// same file may have been type-checked twice.
func samePlace(u *unit.Unit, x, y types.Object) bool {
	if x == y {
		return true
	}
	p, q := u.Graph.Fset.PositionFor(x.Pos(), false), u.Graph.Fset.PositionFor(y.Pos(), false)
	return p.Filename == q.Filename && p.Offset == q.Offset && p.IsValid()
}

func returnsTrue(f *flow.File, b *ast.BlockStmt) bool {
	if b == nil || len(b.List) != 1 {
		return false
	}
	r, ok := b.List[0].(*ast.ReturnStmt)
	if !ok || len(r.Results) != 1 {
		return false
	}
	tv := f.Pkg.TypesInfo.Types[r.Results[0]]
	return tv.Value != nil && tv.Value.Kind() == constant.Bool && constant.BoolVal(tv.Value)
}

// planUpgraderAssignment converts `upgrader.CheckOrigin = f` and refuses other
// uses of fields outside literals.
func planUpgraderAssignment(u *unit.Unit, s *flow.Site) {
	u.Claim(s)
	f := s.File
	sel := s.Cursor.Parent()
	if k, _ := sel.ParentEdge(); k == edge.AssignStmt_Lhs {
		as := sel.Parent().Node().(*ast.AssignStmt)
		if len(as.Lhs) == 1 && len(as.Rhs) == 1 && as.Tok == token.ASSIGN {
			at, _, _, ok := unit.Stmt(sel)
			if ok && at.Node() == ast.Node(as) {
				switch s.Symbol {
				case "Upgrader.CheckOrigin":
					if alwaysTrue(u, f, as.Rhs[0]) {
						rename(u, s, "InsecureSkipVerify")
						u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), "true")
						u.ClaimWithin(f, as)
						u.Note(f, as.Pos(), "upgrade", "every Origin is still accepted, as CheckOrigin said: any web page may connect with its visitor's cookies")
						return
					}
				case "Upgrader.ReadBufferSize", "Upgrader.WriteBufferSize", "Upgrader.WriteBufferPool":
					if dropSetting(u, s) {
						return
					}
				case "Upgrader.HandshakeTimeout":
					if dropSetting(u, s) {
						u.Note(f, as.Pos(), "upgrade", handshakeTimeoutNote)
						return
					}
				case "Upgrader.EnableCompression":
					if pure(unit.Recv(s)) && useHelper(u, s, "compressionModeOf") {
						rename(u, s, "CompressionMode")
						u.Replace(f, as.Rhs[0].Pos(), as.Rhs[0].End(), "compressionModeOf(", as.Rhs[0], ")\n"+f.Text(unit.Recv(s))+".CompressionThreshold = 1")
						u.Note(f, as.Pos(), "compression", compressedLimitNote)
						return
					}
				case "Upgrader.Subprotocols":
					return
				}
			}
		}
	}
	m, _ := wsapi.MappingOf(s.Symbol)
	u.Refuse(s.Pos, string(s.Symbol)+" is set or read outside the literal", m.ByHand)
}

// upgradeCall returns the call of the method or function Upgrade at a site, or
// refuses it: a call has that many arguments.
func upgradeCall(u *unit.Unit, s *flow.Site, args int) (c inspector.Cursor, call *ast.CallExpr, ok bool) {
	if c, ok = unit.CallCursor(s); !ok {
		u.RefuseSite(s, "Upgrade is used as a value", "call it in a function literal")
		return c, nil, false
	}
	u.Claim(s)
	call = c.Node().(*ast.CallExpr)
	if len(call.Args) != args {
		u.Refuse(s.Pos, "the arguments come from a call with several results", "assign them to variables first")
		return c, nil, false
	}
	return c, call, true
}

// planUpgrade converts one call of the method Upgrade.
func planUpgrade(u *unit.Unit, s *flow.Site) {
	f := s.File
	c, call, ok := upgradeCall(u, s, 3)
	if !ok {
		return
	}
	x := unit.Recv(s)
	amp := "&"
	if _, ok := types.Unalias(unit.TypeOf(s, x)).(*types.Pointer); ok {
		amp = ""
	}
	if star, ok := ast.Unparen(x).(*ast.StarExpr); ok {
		x, amp = star.X, ""
	}
	open, shut, ok := acceptHead(u, s)
	if !ok {
		return
	}
	args := []any{open, call.Args[0], ", ", call.Args[1], ", " + amp, x, ")" + shut}
	if un, ok := ast.Unparen(x).(*ast.UnaryExpr); ok && un.Op == token.AND {
		args = []any{open, call.Args[0], ", ", call.Args[1], ", ", un, ")" + shut}
	}
	u.Replace(f, call.Pos(), call.End(), args...)
	if !planResponseHeader(u, s, c, call) {
		return
	}
	planUnlimited(u, s, c)
}
