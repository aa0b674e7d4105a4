package rules

import (
	"fmt"
	"go/ast"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var writeRule = &unit.Rule{
	Name: "write",
	Doc: `WriteMessage of a text or binary message becomes Write with a context. The target lets any number of goroutines
write, so a mutex around writes is no longer needed and does no harm. Control messages have rules of their own. Where
the message type is a variable that may hold that of a control message, a helper does for each type what the target
has for it; a pong cannot be sent.`,
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
				if controlName(n) == "other" {
					planBadType(u, s, call, n)
					continue
				}
				help := "close with Conn.Close(code, reason), ping with Conn.Ping(ctx)"
				u.Refuse(s.Pos, controlName(n)+" messages are not written with Write", help)
				continue
			}
			if !convertType(u, s, typ) {
				planWriteAny(u, s, call)
				continue
			}
			rename(u, s, "Write")
			addContext(u, s, call)
		}
		for _, s := range u.Sites("Conn.WriteControl") {
			if call := unit.Call(s); call != nil && len(call.Args) == 3 {
				n, ok := unit.ConstInt(s.File, call.Args[0])
				switch {
				case !ok:
					u.Claim(s)
					planWriteAny(u, s, call)
				case controlName(n) == "other" && n != 1 && n != 2:
					u.Claim(s)
					planBadType(u, s, call, n)
				}
			}
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

// planBadType converts a write of what is no type of messages, such as a close
// code: it fails.
func planBadType(u *unit.Unit, s *flow.Site, call *ast.CallExpr, n int64) {
	if writeAny(u, s, call) {
		u.Note(s.File, call.Pos(), "write", fmt.Sprintf("%d is no type of messages: nothing is sent and the call fails, as it did; a close frame is sent by Close", n))
	}
}

// planWriteAny converts a write of a message whose type is not known.
func planWriteAny(u *unit.Unit, s *flow.Site, call *ast.CallExpr) {
	f := s.File
	set := messageTypes(u, f, call.Args[0])
	if set&mayPong != 0 {
		u.Refuse(s.Pos, "the message may be a pong, which the target sends as an answer alone", "delete what sends it, and let Read answer pings")
		return
	}
	if !writeAny(u, s, call) {
		return
	}
	const closes = "the close frame is sent in the background, as Close waits for the peer's and discards what comes before it; of its errors only those are seen that come at once"
	if set&(mayPing|mayOther) != 0 {
		u.Note(f, call.Pos(), "write", lateNote)
	}
	if set&(mayClose|mayOther) != 0 {
		u.Note(f, call.Pos(), "write", closes)
		u.Note(f, call.Pos(), "write", payloadNote)
		if u.Target.Name == wsapi.TargetNhooyr.Name {
			u.Note(f, call.Pos(), "write", "a message that is written between the close frame and the peer's is still sent; gorilla refused it")
		}
	}
	if set&mayOther != 0 {
		u.Note(f, call.Pos(), "write", "a pong cannot be sent and is an error")
	}
}

// writeAny calls the helper in place of the method at s. It reports false after
// refusing.
func writeAny(u *unit.Unit, s *flow.Site, call *ast.CallExpr) bool {
	f := s.File
	caller, pos := f, s.Ident.Pos()
	if hasDeadlines(u) && u.Home != nil {
		caller, pos = u.Home, u.Home.Syntax.Name.Pos()
	}
	for _, h := range []string{"writeAnyMessage", "closeInBackground", "splitClosePayload", "pingInBackground"} {
		if !needHelper(u, caller, pos, h) {
			return false
		}
	}
	if hasDeadlines(u) {
		rename(u, s, homeMember(u, "writeAnyMessage"))
		u.Replace(f, call.Lparen+1, call.Rparen, u.Ctx(s)+", ", call.Args[0], ", ", call.Args[1])
	} else {
		u.Replace(f, call.Pos(), call.End(), "writeAnyMessage("+u.Ctx(s)+", ", unit.Recv(s), embedding(u, s)+bareConn(u)+", ", call.Args[0], ", ", call.Args[1], ")")
	}
	return true
}

const writeAnyMessageHelper = `
// writeAnyMessage writes a message whose type is that of a text, binary, close
// or ping message, and does not wait for what the peer answers.
func writeAnyMessage(ctx context.Context, c *websocket.Conn, typ int, p []byte) error {
	switch typ {
	case int(websocket.MessageText), int(websocket.MessageBinary):
		return c.Write(ctx, websocket.MessageType(typ), p)
	case 8:
		code, reason := splitClosePayload(p)
		return closeInBackground(c, code, reason)
	case 9:
		return pingInBackground(context.Background(), c, 10*time.Second, nil)
	}
	return errors.New("websocket: bad write message type")
}
`

const deadlineWriteAnyHelper = `
// writeAnyMessage writes a message of any type.
func (c *TYPE) writeAnyMessage(ctx context.Context, typ int, p []byte) error {
	if typ == int(websocket.MessageText) || typ == int(websocket.MessageBinary) {
		return c.Write(ctx, websocket.MessageType(typ), p)
	}
	return writeAnyMessage(ctx, c.Conn, typ, p)
}
`
