package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

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
		interfaceRule,
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

var helpers = slices.Concat(baseHelpers, embeddingHelpers,
	heartbeatConnHelpers(heartbeatConn), heartbeatConnHelpers(heartbeatAddrConn), hookConnHelpers(hookConn), hookConnHelpers(hookAddrConn),
	closeConnHelpers(closeConn), closeConnHelpers(closeAddrConn), adapterHelpers(), sharedHelpers(slices.Concat(embeddingHelpers, baseHelpers)))

var embeddingHelpers = slices.Concat(
	deadlineConnHelpers(deadlineConn, "*websocket.Conn"), deadlineConnHelpers(deadlineAddrConn, "*addrConn"), connHelpers)

var connHelpers = []Helper{
	{"callDeadline", []string{"context", "os", "sync", "time"}, callDeadlineHelper},
	{"acceptedConn", []string{"TARGET"}, acceptedConnHelper},
	{"dialledConn", []string{"net/http", "TARGET"}, dialledConnHelper},
	{"acceptedAddrConn", nil, acceptedAddrConnHelper},
	{"dialledAddrConn", []string{"net/http"}, dialledAddrConnHelper},
	{"addrConn", []string{"net", "TARGET"}, addrConnHelper},
	{"addrConn.NetConn", []string{"net"}, addrConnNetHelper},
	{"addrConn.UnderlyingConn", []string{"net"}, addrConnUnderlyingHelper},
	{"acceptAddrConn", []string{"net/http", "TARGET"}, acceptAddrConnHelper},
	{"addrConnBy", []string{"bufio", "errors", "net", "net/http", "TARGET"}, addrConnByHelper},
	{"dialAddrConn", []string{"context", "net", "net/http", "net/http/httptrace", "TARGET"}, dialAddrConnHelper},
}

var baseHelpers = []Helper{
	{"opcodeClose", nil, opcodeCloseHelper},
	{"opcodePing", nil, opcodePingHelper},
	{"opcodePong", nil, opcodePongHelper},
	{"readJSON", []string{"bytes", "context", "encoding/json", "io", "TARGET"}, readJSONHelper},
	{"isCloseError", []string{"errors", "io", "TARGET"}, isCloseErrorHelper},
	{"isUnexpectedCloseError", []string{"errors", "io", "TARGET"}, isUnexpectedCloseErrorHelper},
	{"closeErrorOf", []string{"errors", "io", "TARGET"}, closeErrorOfHelper},
	{"writeAnyMessage", []string{"context", "errors", "time", "TARGET"}, writeAnyMessageHelper},
	{"pingOrClose", []string{"context", "time", "TARGET"}, pingOrCloseHelper},
	{"pingInBackground", []string{"context", "time", "TARGET"}, pingInBackgroundHelper},
	{"closeNow", []string{"errors", "net"}, closeNowHelper},
	{"closeWithPayload", []string{"TARGET"}, closeWithPayloadHelper},
	{"closeInBackground", []string{"time", "TARGET"}, closeInBackgroundHelper},
	{"splitClosePayload", []string{"encoding/binary", "TARGET"}, splitClosePayloadHelper},
	{"formatClosePayload", []string{"TARGET"}, formatClosePayloadHelper},
	{"isReadLimit", []string{"strings"}, isReadLimitHelper},
	{"newMessageWriter", []string{"bytes", "context", "errors", "io", "TARGET"}, messageWriterHelper},
	{"newPreparedMessage", []string{"TARGET"}, preparedHelper},
	{"isWebSocketUpgrade", []string{"net/http", "strings"}, isWebSocketUpgradeHelper},
	{"subprotocols", []string{"net/http", "strings"}, subprotocolsHelper},
	{"acceptor", []string{"errors", "net/http", "TARGET"}, acceptorHelper},
	{"errorAcceptor", []string{"bufio", "errors", "net", "net/http", "TARGET"}, errorAcceptorHelper},
	{"isHandshakeError", []string{"strings"}, isHandshakeErrorHelper},
	{"dialOptionsWith", []string{"net/http", "strings", "time", "TARGET"}, dialOptionsHelper},
	{"dialClientOf", []string{"net/http", "TARGET"}, dialClientHelper},
	{"dialTransportOf", []string{"net/http", "TARGET"}, dialTransportHelper},
	{"urlWithHost", []string{"net/url"}, urlWithHostHelper},
	{"dialContextOf", []string{"context", "net"}, dialContextHelper},
	{"compressionModeOf", []string{"TARGET"}, compressionModeHelper},
}

var helperDecl = regexp.MustCompile(`(?m)^(?:func|type|const) (\w+)`)

// helperDecls returns what the helper declares.
func helperDecls(name string) []string {
	var out []string
	for _, h := range helpers {
		if h.Name == name {
			for _, m := range helperDecl.FindAllStringSubmatch(h.Source, -1) {
				out = append(out, m[1])
			}
		}
	}
	return out
}

// rename replaces the identifier of a site. A method that is promoted from an
// embedded connection gets the way there in front where the type around has
// something else of the name.
func rename(u *unit.Unit, s *flow.Site, name string) {
	if u.Wrapper != "" {
		for _, h := range helpers {
			if typ, method, _ := strings.Cut(h.Name, "."); (typ == embeddedWrapper(u.Wrapper) || typ == u.Wrapper) && homeMember(u, method) == name {
				useHelper(u, s, h.Name)
			}
		}
	}
	u.Replace(s.File, s.Ident.Pos(), s.Ident.End(), hiddenPath(u, s, name)+name)
}

// hiddenPath returns the embedded fields between the receiver of the site and
// the library's value, each with a dot, if the receiver's type hides name.
func hiddenPath(u *unit.Unit, s *flow.Site, name string) string {
	if !promoted(s) {
		return ""
	}
	sel := s.File.Pkg.TypesInfo.Selections[s.Cursor.Parent().Node().(*ast.SelectorExpr)]
	obj, _, _ := types.LookupFieldOrMethod(sel.Recv(), true, s.File.Pkg.Types, name)
	if obj == nil || obj.Pkg() != nil && obj.Pkg().Path() == s.Path {
		return ""
	}
	path := ""
	t := sel.Recv()
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return ""
		}
		t = st.Field(i).Type()
		field := st.Field(i).Name()
		if isNamedPointee(t, s.Path, "Conn") && u.Wrapper != "" {
			field = homeMember(u, u.Wrapper)
		}
		path += field + "."
	}
	return path
}

// isNamedPointee reports whether t is the named type or a pointer to it.
func isNamedPointee(t types.Type, path, name string) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	return isNamed(t, path, name)
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
