package rules

import (
	"go/ast"
	"path/filepath"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

var preparedRule = &unit.Rule{
	Name: "prepared",
	Doc: `A PreparedMessage becomes a small type of the package that keeps message type and bytes, and is written with
Write. gorilla framed and compressed it once for all connections; now each Write does.`,
	Plan: func(u *unit.Unit) {
		sites := u.Sites("PreparedMessage", "NewPreparedMessage", "Conn.WritePreparedMessage")
		if len(sites) == 0 {
			return
		}
		dir, pkg := filepath.Dir(sites[0].File.Path), sites[0].File.Syntax.Name.Name
		for _, s := range sites {
			u.Claim(s)
			if filepath.Dir(s.File.Path) != dir || s.File.Syntax.Name.Name != pkg {
				u.Refuse(s.Pos, "prepared messages cross packages, and the type that replaces them belongs to one", "make a type for them in a package of your own")
				return
			}
		}
		for _, s := range sites {
			f, x := s.File, unit.Qualified(s)
			if !useHelper(u, s, "newPreparedMessage") {
				return
			}
			switch s.Symbol {
			case "PreparedMessage":
				c := s.Cursor
				if c.Node() != ast.Node(x) {
					c = c.Parent()
				}
				switch k, _ := unit.OutermostParen(c).ParentEdge(); k {
				case edge.StarExpr_X:
					u.Replace(f, x.Pos(), x.End(), "preparedMessage")
				default:
					u.Refuse(s.Pos, "a PreparedMessage is made without NewPreparedMessage", "use NewPreparedMessage")
				}
			case "NewPreparedMessage":
				call := unit.Call(s)
				if call == nil || len(call.Args) != 2 {
					u.Refuse(s.Pos, "NewPreparedMessage is used as a value", "call it in a function literal")
					continue
				}
				if !convertType(u, s, call.Args[0]) {
					refuseType(u, s)
					continue
				}
				u.Replace(f, x.Pos(), x.End(), "newPreparedMessage")
			case "Conn.WritePreparedMessage":
				call := unit.Call(s)
				if call == nil {
					u.Refuse(s.Pos, "WritePreparedMessage is used as a value", "call it in a function literal")
					continue
				}
				pm := call.Args[0]
				if !pure(pm) {
					u.Refuse(s.Pos, "the prepared message is computed in the call", "assign it to a variable first")
					continue
				}
				rename(u, s, "Write")
				text := f.Text(pm)
				u.Replace(f, pm.Pos(), pm.End(), u.Ctx(s)+", "+text+".typ, "+text+".data")
				u.Note(f, call.Pos(), "prepared", "each write frames the message anew, and compresses it where that is on; gorilla did so once")
			}
		}
	},
}

const preparedHelper = `
// A preparedMessage is a message that is written to several connections.
type preparedMessage struct {
	typ  websocket.MessageType
	data []byte
}

// newPreparedMessage returns a message with a copy of data.
func newPreparedMessage(typ websocket.MessageType, data []byte) (*preparedMessage, error) {
	return &preparedMessage{typ, append([]byte(nil), data...)}, nil
}
`
