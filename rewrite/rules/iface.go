package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var interfaceRule = &unit.Rule{
	Name: "interface",
	Doc: `An interface keeps its methods. Where a connection is converted to one that asks for gorilla's methods, a type of
the package that has them goes around it. A type that has them because it embeds the connection gets a Close of its
own; deadlines and addresses come from the type that takes Conn's place. Control frames are written in the background;
a pong handler is called where a ping that was written this way has been answered, if the connection is converted at
one place alone and the handler shares nothing with other goroutines. Methods that set other handlers have no such
form.`,
	Plan: func(u *unit.Unit) {
		for _, b := range u.Cluster.Boundaries {
			if b.Kind != flow.Interface {
				continue
			}
			if !u.Try(func() { planInterface(u, b) }) {
				u.Refuse(b.Pos, b.Text, b.Help)
			}
		}
	},
}

func planInterface(u *unit.Unit, b flow.Boundary) {
	no := func() { u.Refuse(b.Pos, b.Text, b.Help) }
	switch {
	case b.Outer != nil:
		for _, m := range b.Methods {
			if !provides(u, m) && (m != "Close" || !declareClose(u, b.Outer)) {
				no()
				return
			}
		}
		if f := u.Graph.Files[b.Pos.Filename]; f != nil {
			noteDeadlines(u, b)
		}
	case !adapt(u, b):
		no()
	}
}

// declareClose gives a type that embeds a connection a method Close without
// parameters.
func declareClose(u *unit.Unit, outer *types.Named) bool {
	st, ok := outer.Underlying().(*types.Struct)
	if !ok || outer.TypeParams().Len() > 0 {
		return false
	}
	field := ""
	for i := range st.NumFields() {
		if v := st.Field(i); v.Embedded() && isLibConn(v.Type()) {
			field = v.Name()
		}
	}
	if field == "" {
		return false
	}
	if u.Wrapper != "" {
		field = homeMember(u, u.Wrapper)
	}
	for _, g := range u.Graph.Files {
		for _, d := range g.Syntax.Decls {
			gd, ok := d.(*ast.GenDecl)
			if !ok || gd.Tok != token.TYPE {
				continue
			}
			for _, sp := range gd.Specs {
				ts := sp.(*ast.TypeSpec)
				if o := g.Pkg.TypesInfo.Defs[ts.Name]; o == nil || !samePlace(u, o, outer.Obj()) {
					continue
				}
				if g.Generated || g.Cgo {
					return false
				}
				if u.Once(ts) {
					recv, star := receiverOf(outer)
					u.Insert(g, gd.End(), "\n\n// Close closes the connection without a close frame.\nfunc ("+recv+" "+star+outer.Obj().Name()+") Close() error { return "+recv+"."+field+".CloseNow() }")
				}
				return true
			}
		}
	}
	return false
}

// receiverOf returns the name that the methods of a type have for their
// receiver, and "*" unless they have it by value.
func receiverOf(t *types.Named) (name, star string) {
	name, star = "c", "*"
	for i := range t.NumMethods() {
		recv := t.Method(i).Signature().Recv()
		if recv.Name() != "" && recv.Name() != "_" {
			name = recv.Name()
		}
		if _, pointer := recv.Type().(*types.Pointer); !pointer {
			star = ""
		}
	}
	return name, star
}

var connPaths = []string{wsapi.GorillaPath, wsapi.CompatPath}

// isLibConn reports whether t is gorilla's Conn or a pointer to it.
func isLibConn(t types.Type) bool {
	return slices.ContainsFunc(connPaths, func(path string) bool { return isNamedPointee(t, path, "Conn") })
}

// adapt puts a type with the methods that an interface asks for around the
// connection that is converted to it.
func adapt(u *unit.Unit, b flow.Boundary) bool {
	f := u.Graph.Files[b.Pos.Filename]
	if f == nil || f.Generated || f.Cgo || hasHandlers(u.Wrapper) || u.Home != nil || assertsConn(u) || b.Src == nil && b.Call == nil {
		return false
	}
	if b.Src != nil {
		t := f.Pkg.TypesInfo.TypeOf(b.Src)
		if t == nil || !isLibConn(t) {
			return false
		}
		if _, pointer := types.Unalias(t).(*types.Pointer); !pointer {
			return false
		}
	} else if b.Result != 0 || !makesConn(u, f, b.Call) {
		return false
	}
	a, set := adapterFor(u, b)
	if a == pongAdapter && !handlesPongs(u, f, b) || set&(mayPing|mayOther) != 0 && len(u.All("Conn.SetPongHandler")) > 0 {
		return false
	}
	name := a.around(u.Wrapper)
	need := []string{name}
	if a != messageAdapter {
		need = append(need, "closeWithPayload", "closeInBackground", "splitClosePayload", "pingInBackground")
	}
	pos := b.At
	for _, h := range need {
		if !needHelper(u, f, pos, h) {
			return false
		}
	}
	noteDeadlines(u, b)
	for _, m := range b.Methods {
		if provides(u, m) || m == "WriteControl" && a != messageAdapter || m == "SetPongHandler" {
			continue
		}
		if !slices.ContainsFunc(helpers, func(h Helper) bool { return h.Name == name+"."+m }) {
			return false
		}
		u.Helper(f, name+"."+m)
		switch m {
		case "NextReader":
			u.Note(f, pos, "interface", "the whole message is read into memory before it is looked at")
		case "NextWriter":
			u.Note(f, pos, "interface", "a message is sent when its writer is closed, and not before")
		case "ReadMessage":
			u.Note(f, pos, "read", cutNote)
		}
	}
	if a != messageAdapter {
		controlNotes(u, b, set)
	}
	open, shut := name+"{", "}"
	if a == pongAdapter {
		u.Note(f, pos, "interface", "a pong handler runs beside reads, not in one, and for the answers to pings that are written here alone; an error of it closes the connection")
		open = "&" + name + "{" + map[string]string{"": "Conn"}[u.Wrapper] + u.Wrapper + ": "
	}
	if b.Src == nil {
		u.Adapt(b.Call, open, shut)
		return true
	}
	u.Replace(f, b.Src.Pos(), b.Src.End(), open, b.Src, shut)
	return true
}

// noteDeadlines says what differs for deadlines that are set through the
// interface of the boundary.
func noteDeadlines(u *unit.Unit, b flow.Boundary) {
	for _, m := range b.Methods {
		if sym := wsapi.Symbol("Conn." + m); slices.Contains(deadlineSetters, sym) {
			noteDeadline(u, u.Graph.Files[b.Pos.Filename], b.At, sym)
		}
	}
}

// assertsConn reports whether a connection is taken out of an interface that
// has methods, where the type around it would be found.
func assertsConn(u *unit.Unit) bool {
	for _, s := range u.All("Conn") {
		c := qualifiedCursor(s)
		for {
			k, _ := c.ParentEdge()
			if k == edge.StarExpr_X {
				c = unit.OutermostParen(c.Parent())
				continue
			}
			var x ast.Expr
			switch k {
			case edge.TypeAssertExpr_Type:
				x = c.Parent().Node().(*ast.TypeAssertExpr).X
			case edge.CaseClause_List:
				return true
			}
			if x != nil {
				if i, ok := s.File.Pkg.TypesInfo.TypeOf(x).Underlying().(*types.Interface); ok && i.NumMethods() > 0 {
					return true
				}
			}
			break
		}
	}
	return false
}
