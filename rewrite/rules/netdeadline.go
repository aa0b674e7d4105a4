package rules

import (
	"go/ast"
	"go/types"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// netSeesDeadlines reports whether the network connections of the cluster may
// be of a type of the tree that does something of its own about deadlines:
// gorilla sets them there, the target does not.
func netSeesDeadlines(u *unit.Unit) bool {
	if len(u.All("Dialer.NetDial", "Dialer.NetDialContext", "Dialer.NetDialTLSContext")) == 0 {
		return false
	}
	for _, g := range u.Graph.InOrder() {
		for _, d := range g.Syntax.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok || fd.Recv == nil || len(fd.Recv.List) != 1 {
				continue
			}
			switch fd.Name.Name {
			case "SetReadDeadline", "SetWriteDeadline", "SetDeadline":
			default:
				continue
			}
			if t := g.Pkg.TypesInfo.TypeOf(fd.Recv.List[0].Type); t != nil && isNetConn(t) {
				return true
			}
		}
	}
	return false
}

// isNetConn reports whether t has the methods that tell a net.Conn from other
// connections.
func isNetConn(t types.Type) bool {
	for _, m := range []string{"Read", "Write", "Close", "LocalAddr", "RemoteAddr"} {
		obj, _, _ := types.LookupFieldOrMethod(t, true, nil, m)
		if _, ok := obj.(*types.Func); !ok {
			return false
		}
	}
	return true
}
