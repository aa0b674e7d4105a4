package rules

import (
	"go/ast"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var readRule = &unit.Rule{
	Name: "read",
	Doc: `ReadMessage becomes Read with a context. The message type is a MessageType instead of an int: variables that only
receive it, are compared or are given back to a write change their type with it, others get a conversion. The end
of the context closes the connection. A message that a lost connection cuts off can be reported as complete, where
gorilla returned an error.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.ReadMessage") {
			call := unit.Call(s)
			if call == nil {
				u.RefuseSite(s, "ReadMessage is used as a value", "call it in a function literal")
				continue
			}
			c, _ := unit.CallCursor(s)
			u.Claim(s)
			if !planMessageType(u, s, c) {
				continue
			}
			rename(u, s, "Read")
			addContext(u, s, call)
			noteCut(u, s)
		}
	},
}

const cutNote = "a message that a lost connection cuts off can be reported as complete; gorilla returned an error"

// noteCut says what the target makes of a message that a lost connection cuts
// off.
func noteCut(u *unit.Unit, s *flow.Site) {
	u.Note(s.File, s.Ident.Pos(), "read", cutNote)
}

// isBlank reports whether e is the blank identifier.
func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}
