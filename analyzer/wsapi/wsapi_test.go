package wsapi_test

import (
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

func library(t *testing.T, name string) *wsapi.Library {
	t.Helper()
	for _, l := range wsapi.Libraries() {
		if l.Name == name {
			return l
		}
	}
	t.Fatalf("no library %s", name)
	return nil
}

// realLibraries are those whose modules the tests load.
func realLibraries() []*wsapi.Library {
	return slices.DeleteFunc(slices.Clone(wsapi.Libraries()), func(l *wsapi.Library) bool { return l.Version == "" })
}

func TestFuncsExist(t *testing.T) {
	for _, lib := range realLibraries() {
		seen := make(map[string]bool)
		for _, f := range lib.Funcs {
			name := f.Pkg + "." + string(f.Sym)
			if seen[name] {
				t.Errorf("%s has two rows", name)
			}
			seen[name] = true
			if f.Roles == 0 {
				t.Errorf("%s has no role", name)
			}
			fn, ok := find(realPackage(t, f.Pkg), f.Sym).(*types.Func)
			if !ok {
				t.Errorf("%s is no function or method", name)
				continue
			}
			checkConn(t, lib, f, fn)
			gotLib, got := wsapi.Lookup(fn)
			if gotLib != lib || got == nil || *got != f {
				t.Errorf("Lookup(%s) = %v, %v", name, gotLib, got)
			}
		}
	}
}

// checkConn holds the position of the connection against the signature.
func checkConn(t *testing.T, lib *wsapi.Library, f wsapi.Func, fn *types.Func) {
	sig := fn.Signature()
	var typ types.Type
	switch {
	case f.Conn == wsapi.NoConn:
		for v := range sig.Params().Variables() {
			if isConn(lib, v.Type()) {
				t.Errorf("%s.%s takes a connection", f.Pkg, f.Sym)
			}
		}
		return
	case f.Conn == wsapi.Receiver && sig.Recv() != nil:
		typ = sig.Recv().Type()
		if len(lib.Conns) == 0 && strings.HasSuffix(f.Pkg, "/wsutil") {
			return // a reader or writer that stands for the connection
		}
		if types.IsInterface(typ) {
			// An interface that the connection embeds.
			conn := find(realPackage(t, f.Pkg), "Conn").Type()
			m, path, _ := types.LookupFieldOrMethod(conn, true, fn.Pkg(), fn.Name())
			if m != types.Object(fn) || len(path) != 2 {
				t.Errorf("%s.%s: the connection does not have this method", f.Pkg, f.Sym)
			}
			return
		}
	case f.Conn == wsapi.Result && sig.Results().Len() > 0:
		typ = sig.Results().At(0).Type()
	case 0 <= f.Conn && f.Conn < sig.Params().Len():
		typ = sig.Params().At(f.Conn).Type()
	}
	if typ == nil || !isConn(lib, typ) {
		t.Errorf("%s.%s: no connection at %d of %v", f.Pkg, f.Sym, f.Conn, sig)
	}
}

// isConn reports whether t is a connection of lib: its own type, or for a
// library without one what stands for a connection.
func isConn(lib *wsapi.Library, t types.Type) bool {
	if len(lib.Conns) > 0 {
		return wsapi.ConnOf(t) == lib
	}
	switch types.TypeString(t, nil) {
	case "net.Conn", "io.Reader", "io.Writer", "io.ReadWriter":
		return true
	}
	return false
}

// noRole lists functions that have to do with connections and play no part:
// they ask for something, or hand out what is outside the model.
var noRole = map[string][]wsapi.Symbol{
	"gorilla": {
		"Conn.Subprotocol", "Conn.LocalAddr", "Conn.RemoteAddr", "Conn.NetConn", "Conn.UnderlyingConn",
		"Conn.CloseHandler", "Conn.PingHandler", "Conn.PongHandler",
		"FormatCloseMessage", "IsCloseError", "IsUnexpectedCloseError", "IsWebSocketUpgrade", "Subprotocols", "NewPreparedMessage",
	},
	"nhooyr": {"Conn.Subprotocol", "CloseStatus"},
	"coder":  {"Conn.Subprotocol", "CloseStatus"},
	"xnet": {
		"Conn.LocalAddr", "Conn.RemoteAddr", "Conn.Config", "Conn.Request", "Conn.IsClientConn", "Conn.IsServerConn",
		"NewConfig", "Origin",
	},
	"fasthttp": {
		"Conn.Subprotocol", "Conn.LocalAddr", "Conn.RemoteAddr", "Conn.NetConn", "Conn.UnderlyingConn",
		"Conn.CloseHandler", "Conn.PingHandler", "Conn.PongHandler",
		"FormatCloseMessage", "IsCloseError", "IsUnexpectedCloseError", "IsWebSocketUpgrade", "Subprotocols", "NewPreparedMessage",
		"FastHTTPIsWebSocketUpgrade", "HijackResponse",
	},
	// JoinMessages takes a connection of fasthttp.
	"gofiber": {
		"Conn.Locals", "Conn.Params", "Conn.Query", "Conn.Cookies", "Conn.Headers", "Conn.IP",
		"FormatCloseMessage", "IsCloseError", "IsUnexpectedCloseError", "IsWebSocketUpgrade", "JoinMessages",
	},
	// The handler that ControlFrameHandler returns writes when it is called;
	// the wrappers below change bytes on their way.
	"gobwas": {
		"ControlFrameHandler", "NewCipherReader", "NewCipherWriter", "CipherReader.Reset", "CipherWriter.Reset",
		"NewUTF8Reader", "UTF8Reader.Reset",
	},
}

// TestFuncsComplete asks that whatever a library offers around connections has
// a role or stands in noRole: with gobwas what takes or returns a connection,
// with the others each function and each method of the connection.
func TestFuncsComplete(t *testing.T) {
	for _, lib := range realLibraries() {
		roles := make(map[string]bool)
		var pkgs []string
		for _, f := range lib.Funcs {
			roles[f.Pkg+"."+string(f.Sym)] = true
			if !slices.Contains(pkgs, f.Pkg) {
				pkgs = append(pkgs, f.Pkg)
			}
		}
		unused := slices.Clone(noRole[lib.Name])
		for _, path := range pkgs {
			pkg := realPackage(t, path)
			for sym, kind := range exported(pkg) {
				if kind != wsapi.Fn && kind != wsapi.Method {
					continue
				}
				fn := find(pkg, sym).(*types.Func)
				if !concerned(lib, fn) {
					continue
				}
				listed := slices.Contains(noRole[lib.Name], sym)
				unused = slices.DeleteFunc(unused, func(s wsapi.Symbol) bool { return s == sym })
				if has := roles[path+"."+string(sym)]; has == listed {
					t.Errorf("%s.%s: has a role: %t, is listed as having none: %t", path, sym, has, listed)
				}
			}
		}
		if len(unused) > 0 {
			t.Errorf("%s: %v are listed as having no role and are not there", lib.Name, unused)
		}
	}
}

func concerned(lib *wsapi.Library, fn *types.Func) bool {
	sig := fn.Signature()
	if sig.Recv() == nil && len(lib.Conns) > 0 {
		return true
	}
	if sig.Recv() != nil && isConn(lib, sig.Recv().Type()) {
		return true
	}
	if sig.Recv() != nil && fn.Name() == "WriteTo" {
		return false // io.WriterTo of a header: to any writer
	}
	for _, tuple := range []*types.Tuple{sig.Params(), sig.Results()} {
		for v := range tuple.Variables() {
			if isConn(lib, v.Type()) {
				return true
			}
		}
	}
	return false
}

func TestCompatIsGorilla(t *testing.T) {
	gorilla, compat := library(t, "gorilla"), library(t, "compat")
	var funcs []wsapi.Func
	for _, f := range gorilla.Funcs {
		f.Pkg = strings.Replace(f.Pkg, wsapi.GorillaPath, wsapi.CompatPath, 1)
		funcs = append(funcs, f)
	}
	if !slices.Equal(compat.Funcs, funcs) {
		t.Errorf("compat's functions are not gorilla's:\n%v\n%v", compat.Funcs, funcs)
	}
	if !slices.Equal(compat.Conns, []string{wsapi.CompatPath + ".Conn"}) {
		t.Errorf("compat's connections: %v", compat.Conns)
	}
	if compat.Writers != gorilla.Writers || compat.Readers != gorilla.Readers {
		t.Error("compat's contract is not gorilla's")
	}
	if len(compat.Upgraders) != len(gorilla.Upgraders) || compat.Upgraders[0].Pkg != wsapi.CompatPath {
		t.Errorf("compat's upgraders: %v", compat.Upgraders)
	}
}

func TestConnsExist(t *testing.T) {
	for _, lib := range realLibraries() {
		for _, c := range lib.Conns {
			dot := strings.LastIndex(c, ".")
			obj := find(realPackage(t, c[:dot]), wsapi.Symbol(c[dot+1:]))
			if obj == nil {
				t.Errorf("%s does not exist", c)
				continue
			}
			if got := wsapi.ConnOf(types.NewPointer(obj.Type())); got != lib {
				t.Errorf("ConnOf(*%s) = %v", c, got)
			}
			alias := types.NewAlias(types.NewTypeName(0, nil, "C", nil), obj.Type())
			if got := wsapi.ConnOf(types.NewPointer(alias)); got != lib {
				t.Errorf("ConnOf of an alias of %s = %v", c, got)
			}
		}
	}
	if got := wsapi.ConnOf(realPackage(t, "net").Scope().Lookup("Conn").Type()); got != nil {
		t.Errorf("ConnOf(net.Conn) = %v", got)
	}
}

func TestUpgradersExist(t *testing.T) {
	for _, lib := range realLibraries() {
		for _, u := range lib.Upgraders {
			pkg := realPackage(t, u.Pkg)
			obj := find(pkg, u.Type)
			switch obj.(type) {
			case *types.TypeName:
			case *types.Func:
				if u.Check != "" || len(u.Off) > 0 || u.Lists != "" || u.Unset == wsapi.SameHost {
					t.Errorf("%s.%s is a function: it has no fields and no policy of its own", u.Pkg, u.Type)
				}
				continue
			default:
				t.Errorf("%s.%s does not exist", u.Pkg, u.Type)
				continue
			}
			fields := slices.Clone(u.Off)
			if u.Lists != "" {
				fields = append(fields, u.Lists)
			}
			if u.Check != "" {
				fields = append(fields, u.Check)
				f, ok := find(pkg, u.Type+"."+u.Check).(*types.Var)
				if !ok {
					t.Errorf("%s.%s has no field %s", u.Pkg, u.Type, u.Check)
				} else if _, ok := f.Type().Underlying().(*types.Signature); !ok {
					t.Errorf("%s.%s.%s is no function", u.Pkg, u.Type, u.Check)
				}
			}
			for _, f := range fields {
				sym := u.Type + "." + f
				v, ok := find(pkg, sym).(*types.Var)
				if !ok {
					t.Errorf("%s.%s does not exist", u.Pkg, sym)
					continue
				}
				if got, ok := wsapi.FieldSymbol(v); !ok || got != sym {
					t.Errorf("FieldSymbol(%s) = %s, %t", sym, got, ok)
				}
			}
		}
	}
}

func TestLibraryOf(t *testing.T) {
	for path, want := range map[string]string{
		"github.com/gorilla/websocket":            "gorilla",
		wsapi.CompatPath:                          "compat",
		"nhooyr.io/websocket/wsjson":              "nhooyr",
		"github.com/coder/websocket":              "coder",
		"github.com/gobwas/ws/wsutil":             "gobwas",
		"golang.org/x/net/websocket":              "xnet",
		"github.com/fasthttp/websocket":           "fasthttp",
		"github.com/gofiber/websocket/v2":         "gofiber",
		"github.com/gofiber/contrib/v3/websocket": "gofiber",
		"golang.org/x/net/http2":                  "",
		"golang.org/x/net":                        "",
		"github.com/gorilla/websocketry":          "",
		"net/http":                                "",
	} {
		got := ""
		if l := wsapi.LibraryOf(path); l != nil {
			got = l.Name
		}
		if got != want {
			t.Errorf("LibraryOf(%s) = %q, want %q", path, got, want)
		}
	}
}

func TestLookupForeign(t *testing.T) {
	if l, f := wsapi.Lookup(nil); l != nil || f != nil {
		t.Error("Lookup(nil) finds something")
	}
	dial := realPackage(t, "net").Scope().Lookup("Dial").(*types.Func)
	if l, f := wsapi.Lookup(dial); l != nil || f != nil {
		t.Error("Lookup(net.Dial) finds something")
	}
}
