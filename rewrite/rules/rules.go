package rules

import (
	"go/ast"
	"go/token"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// All returns the rules in the order in which they run.
func All() []*unit.Rule {
	return []*unit.Rule{
		handlerRule, // before the control frames that handlers send
		heartbeatRule,
		closeframeRule,
		deadlineRule,
		upgradeRule,
		dialRule,
		limitRule,
		readRule,
		writeRule,
		readerRule,
		writerRule,
		jsonRule,
		preparedRule,
		closeRule,
		closeErrorRule,
		addrRule,
		compressionRule,
		requestRule,
		identRule,
	}
}

// A Helper is a function that converted code may need, generated once a
// package.
type Helper struct {
	Name    string
	Imports []string // TARGET stands for the target's import path
	Source  string
}

// Helpers returns the helpers in the order in which they are written.
func Helpers() []Helper { return helpers }

var helpers = []Helper{
	{"readJSON", []string{"bytes", "context", "encoding/json", "io", "TARGET"}, readJSONHelper},
	{"isCloseError", []string{"errors", "io", "TARGET"}, isCloseErrorHelper},
	{"isUnexpectedCloseError", []string{"errors", "io", "TARGET"}, isUnexpectedCloseErrorHelper},
	{"closeErrorOf", []string{"errors", "io", "TARGET"}, closeErrorOfHelper},
	{"newPreparedMessage", []string{"TARGET"}, preparedHelper},
	{"isWebSocketUpgrade", []string{"net/http", "strings"}, isWebSocketUpgradeHelper},
	{"subprotocols", []string{"net/http", "strings"}, subprotocolsHelper},
	{"acceptor", []string{"errors", "net/http", "TARGET"}, acceptorHelper},
	{"errorAcceptor", []string{"bufio", "errors", "net", "net/http", "TARGET"}, errorAcceptorHelper},
	{"isHandshakeError", []string{"strings"}, isHandshakeErrorHelper},
	{"dialOptionsWith", []string{"net/http", "strings", "time", "TARGET"}, dialOptionsHelper},
	{"dialClientOf", []string{"net/http", "TARGET"}, dialClientHelper},
	{"dialTransportOf", []string{"net/http", "TARGET"}, dialTransportHelper},
	{"dialContextOf", []string{"context", "net"}, dialContextHelper},
	{"compressionModeOf", []string{"TARGET"}, compressionModeHelper},
}

// rename replaces the identifier of a site.
func rename(u *unit.Unit, s *flow.Site, name string) {
	u.Replace(s.File, s.Ident.Pos(), s.Ident.End(), name)
}

// addContext inserts the context as first argument of a call.
func addContext(u *unit.Unit, s *flow.Site, call *ast.CallExpr) {
	text := u.Ctx(s)
	if len(call.Args) > 0 {
		text += ", "
	}
	u.Insert(s.File, call.Lparen+1, text)
}

// qualify replaces a package-level identifier of the library by another of
// the target.
func qualify(u *unit.Unit, s *flow.Site, name string) {
	x := unit.Qualified(s)
	u.Replace(s.File, x.Pos(), x.End(), u.Lib(s.File)+"."+name)
}

// pure reports whether evaluating e twice is the same as once: it is made of
// variables, fields and constants.
func pure(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident, *ast.BasicLit:
		return true
	case *ast.SelectorExpr:
		return pure(e.X)
	case *ast.StarExpr:
		return pure(e.X)
	case *ast.BinaryExpr:
		return pure(e.X) && pure(e.Y)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && e.Op != token.AND && pure(e.X)
	}
	return false
}
