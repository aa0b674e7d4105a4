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

var writeRule = &unit.Rule{
	Name: "write",
	Doc: `WriteMessage of a text or binary message becomes Write with a context. The target lets any number of goroutines
write, so a mutex around writes is no longer needed and does no harm. Control messages have rules of their own.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.WriteMessage") {
			call := unit.Call(s)
			if call == nil {
				u.RefuseSite(s, "WriteMessage is used as a value", "call it in a function literal")
				continue
			}
			u.Claim(s)
			typ := call.Args[0]
			if n, ok := unit.ConstInt(s.File, typ); ok && n != 1 && n != 2 {
				help := "close with Conn.Close(code, reason), ping with Conn.Ping(ctx)"
				u.Refuse(s.Pos, controlName(n)+" messages are not written with Write", help)
				continue
			}
			if !convertType(u, s, typ) {
				continue
			}
			rename(u, s, "Write")
			addContext(u, s, call)
		}
	},
}

func controlName(n int64) string {
	switch n {
	case 8:
		return "close"
	case 9:
		return "ping"
	case 10:
		return "pong"
	}
	return "other"
}

// isBlank reports whether e is the blank identifier.
func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}
