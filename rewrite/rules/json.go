package rules

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var jsonRule = &unit.Rule{
	Name: "json",
	Doc: `WriteJSON becomes wsjson.Write, which writes the same bytes. ReadJSON becomes wsjson.Read where an error ends the
connection anyway: wsjson.Read closes it with 1007 on a message that does not decode, or that has more than one
value. Elsewhere it becomes a helper that, as gorilla, decodes the first value and leaves the connection open.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.WriteJSON", "WriteJSON") {
			if planJSON(u, s, func(*unit.Unit, *flow.Site, inspector.Cursor) (string, bool) {
				return u.JSON(s.File) + ".Write", true
			}) {
				u.Note(s.File, s.Ident.Pos(), "json", "a value that cannot be encoded sends nothing; gorilla sent an empty message")
			}
		}
		for _, s := range u.Sites("Conn.ReadJSON", "ReadJSON") {
			if planJSON(u, s, readJSONFunc) {
				noteCut(u, s)
			}
		}
	},
}

const readJSONHelper = `

// readJSON reads a message and decodes the first JSON value in it into v. A
// message that does not decode leaves the connection open.
func readJSON(ctx context.Context, c *websocket.Conn, v any) error {
	_, p, err := c.Read(ctx)
	if err != nil {
		return err
	}
	err = json.NewDecoder(bytes.NewReader(p)).Decode(v)
	if err == io.EOF {
		return io.ErrUnexpectedEOF // one value is expected
	}
	return err
}
`

// planJSON turns a method or function call into one of a function that takes
// context, connection and value.
func planJSON(u *unit.Unit, s *flow.Site, function func(*unit.Unit, *flow.Site, inspector.Cursor) (string, bool)) bool {
	u.Claim(s)
	c, ok := unit.CallCursor(s)
	if !ok {
		return jsonValue(u, s)
	}
	f, call := s.File, c.Node().(*ast.CallExpr)
	method := s.Symbol == "Conn.ReadJSON" || s.Symbol == "Conn.WriteJSON"
	if hasDeadlines(u) {
		return wrappedJSON(u, s, call, method)
	}
	if !method && len(call.Args) != 2 {
		u.Refuse(s.Pos, "the arguments come from a call with several results", "assign them to variables first")
		return false
	}
	name, ok := function(u, s, c)
	if !ok {
		return false
	}
	head := []any{name + "(" + u.Ctx(s) + ", "}
	if method {
		conn, ok := receiver(u, s)
		if !ok {
			u.Refuse(s.Pos, "the connection is not a variable or field", "assign it to a variable first")
			return false
		}
		head = append(append(head, conn...), bareConn(u)+", ")
	} else if u.Wrapper != "" {
		u.Insert(f, call.Args[0].End(), bareConn(u))
	}
	u.Replace(f, call.Pos(), call.Lparen+1, head...)
	return true
}

// wrappedJSON turns the call into one of a method that the type which takes
// Conn's place has.
func wrappedJSON(u *unit.Unit, s *flow.Site, call *ast.CallExpr, method bool) bool {
	name := "readJSON"
	if s.Symbol == "Conn.WriteJSON" || s.Symbol == "WriteJSON" {
		name = "writeJSON"
	}
	switch {
	case method:
		rename(u, s, homeMember(u, name))
		addContext(u, s, call)
	case len(call.Args) != 2 || !pure(call.Args[0]):
		u.Refuse(s.Pos, "the connection is not a variable or field", "assign it to a variable first")
		return false
	default:
		u.Replace(s.File, call.Pos(), call.Args[1].Pos(), call.Args[0], "."+homeMember(u, name)+"("+u.Ctx(s)+", ")
		if hasCloses(u.Wrapper) && name == "readJSON" && !useHelper(u, s, u.Wrapper+"."+name) {
			return false
		}
		return useHelper(u, s, embeddedWrapper(u.Wrapper)+"."+name)
	}
	return true
}

// jsonValue turns the method value c.WriteJSON or c.ReadJSON into a function
// literal.
func jsonValue(u *unit.Unit, s *flow.Site) bool {
	conn, ok := receiver(u, s)
	x := unit.Recv(s)
	if !ok || !pure(x) {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return false
	}
	name := "readJSON"
	if s.Symbol == "Conn.WriteJSON" {
		name = u.JSON(s.File) + ".Write"
	} else if !useHelper(u, s, name) {
		return false
	}
	if hasDeadlines(u) {
		u.Refuse(s.Pos, string(s.Symbol)+" is used as a value", "call it in a function literal")
		return false
	}
	v := u.Fresh(s.File, s.Cursor, "v")
	parts := append([]any{"func(" + v + " any) error { return " + name + "(" + u.Ctx(s) + ", "}, conn...)
	sel := s.Cursor.Parent().Node()
	u.Replace(s.File, sel.Pos(), sel.End(), append(parts, bareConn(u)+", "+v+") }")...)
	return true
}

// receiver returns the connection that the method at s is called on, with the
// embedded fields that lead to it, as an expression of pointer type.
func receiver(u *unit.Unit, s *flow.Site) ([]any, bool) {
	if k, _ := s.Cursor.ParentEdge(); k != edge.SelectorExpr_Sel {
		return nil, false
	}
	x := s.Cursor.Parent().Node().(*ast.SelectorExpr)
	sel := s.File.Pkg.TypesInfo.Selections[x]
	if sel == nil || sel.Kind() != types.MethodVal {
		return nil, false
	}
	t := sel.Recv()
	path := ""
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return nil, false
		}
		path += "." + fieldName(u, st.Field(i))
		t = st.Field(i).Type()
	}
	parts := []any{x.X}
	if path != "" {
		parts = append(parts, path)
	}
	if _, ok := types.Unalias(t).(*types.Pointer); !ok {
		parts = append([]any{"&"}, parts...)
	}
	return parts, true
}

// readJSONFunc returns the function for a ReadJSON call at c.
func readJSONFunc(u *unit.Unit, s *flow.Site, c inspector.Cursor) (string, bool) {
	if endsOnError(u, s, c) {
		u.Note(s.File, c.Node().Pos(), "json", "a message that does not decode, or has more than one JSON value, now closes the connection with 1007")
		return u.JSON(s.File) + ".Read", true
	}
	return "readJSON", useHelper(u, s, "readJSON")
}
