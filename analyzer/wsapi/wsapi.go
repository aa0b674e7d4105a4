package wsapi

import (
	"go/types"
	"strings"
)

// A Symbol names an exported identifier relative to its package: "Dial",
// "Conn.ReadMessage" (a method) or "Upgrader.CheckOrigin" (a field).
type Symbol string

// A Role says what a call does to a connection. Roles combine.
type Role uint32

const (
	// Writes sends a data frame, or part of one.
	Writes Role = 1 << iota
	// Reads takes frames off the connection.
	Reads
	// WritesControl sends a control frame; the library's contract allows it
	// beside a data writer unless Writes is set too.
	WritesControl
	// OpensWriter returns a writer that is part of the write until closed.
	OpensWriter
	// OpensReader returns a reader that is part of the read.
	OpensReader
	// Closes ends the connection.
	Closes
	// SetsReadDeadline changes the deadline of reads.
	SetsReadDeadline
	// SetsWriteDeadline changes the deadline of writes.
	SetsWriteDeadline
	// SetsReadLimit bounds the size of a message.
	SetsReadLimit
	// SetsHandler installs a callback that runs on the reading goroutine.
	SetsHandler
	// ConfiguresWrites changes how following messages are written and counts
	// as a write in the concurrency contract of gorilla.
	ConfiguresWrites
	// Upgrades answers an HTTP request and makes a server connection.
	Upgrades
	// Dials makes a client connection.
	Dials
	// Unguarded marks what a library with Many writers hands out that takes
	// none of its locks: what is written with it must be serialised.
	Unguarded
	// WantsContext takes a context whose end closes the connection.
	WantsContext
)

// Has reports whether r includes every role of q.
func (r Role) Has(q Role) bool { return r&q == q }

// Any reports whether r includes at least one role of q.
func (r Role) Any(q Role) bool { return r&q != 0 }

// Positions of the connection in a call, besides argument indexes.
const (
	Receiver = -1 // the method's receiver
	Result   = -2 // the call's result (Upgrade, Dial)
	NoConn   = -3 // no connection takes part
)

// A Func is a function or method with its meaning.
type Func struct {
	Pkg   string // package path
	Sym   Symbol
	Roles Role
	Conn  int // Receiver, Result, NoConn, or the index of the argument
}

// A Contract says how many goroutines may do a thing at once.
type Contract int

const (
	// One means the caller must serialise.
	One Contract = iota
	// Many means the library serialises.
	Many
)

// An OriginPolicy is what a library does with the Origin header of a
// handshake when no check is configured.
type OriginPolicy int

const (
	// SameHost refuses an Origin whose host is not the request's Host.
	SameHost OriginPolicy = iota
	// PresentOnly asks for a parsable Origin and compares nothing.
	PresentOnly
	// NoCheck accepts everything.
	NoCheck
)

// An Upgrader is a type or function whose configuration decides about
// Origins.
type Upgrader struct {
	Pkg string
	// Type is the configuration type ("Upgrader", "AcceptOptions"), or the
	// function itself where there is no configuration ("UpgradeHTTP").
	Type Symbol
	// Check is the field that holds a user's check, if there is one.
	Check Symbol
	// ByHeader says that Check is asked about each header by itself, so that
	// what it takes down may be judged in another place.
	ByHeader bool
	// Off lists the fields that switch the check off when true or "*".
	Off []Symbol
	// Lists is the field with the Origins that may connect, where an empty
	// list lets everybody in and "*" does so too.
	Lists Symbol
	// Unset is the policy when nothing is configured.
	Unset OriginPolicy
}

// A Library is one WebSocket library.
type Library struct {
	Name   string // short: "gorilla"
	Module string // the module path, as in go.mod; empty for what follows from another library
	// Path is the import path of the main package; the library's other
	// packages lie below it.
	Path    string
	Version string // the version the facts were checked against; empty for what follows from another library
	// Conns are the connection types, as "path.Name"; gobwas/ws, which works
	// on any net.Conn, has none.
	Conns            []string
	Writers, Readers Contract
	// ReadLimit is the size of the largest message that is read where nothing
	// is set, or 0 for any size. A limit at or below NoLimit takes it away.
	ReadLimit, NoLimit int64
	Funcs              []Func
	Upgraders          []Upgrader
	Failures           []Failure // how reads fail for good
	NoKind             bool      // a read that fails for good returns -1 for the kind of the message
}

// Unguarded reports whether the library, which serialises writers, also hands
// out some that it does not.
func (l *Library) Unguarded() bool {
	for i := range l.Funcs {
		if l.Funcs[i].Roles.Has(Unguarded) {
			return true
		}
	}
	return false
}

// fork returns a library with what from says, moved from from.Path to to.Path,
// followed by what to says itself.
func fork(from *Library, to Library) *Library {
	moved := func(path string) string { return to.Path + strings.TrimPrefix(path, from.Path) }
	l := to
	l.Writers, l.Readers, l.Failures = from.Writers, from.Readers, from.Failures
	l.NoKind = from.NoKind
	l.ReadLimit, l.NoLimit = from.ReadLimit, from.NoLimit
	l.Conns, l.Funcs, l.Upgraders = nil, nil, nil
	for _, c := range from.Conns {
		l.Conns = append(l.Conns, moved(c))
	}
	for _, f := range from.Funcs {
		f.Pkg = moved(f.Pkg)
		l.Funcs = append(l.Funcs, f)
	}
	for _, u := range from.Upgraders {
		u.Pkg = moved(u.Pkg)
		l.Upgraders = append(l.Upgraders, u)
	}
	l.Conns = append(l.Conns, to.Conns...)
	l.Funcs = append(l.Funcs, to.Funcs...)
	l.Upgraders = append(l.Upgraders, to.Upgraders...)
	return &l
}

// Libraries lists every library that is known, in a fixed order.
func Libraries() []*Library { return libraries }

var libraries = []*Library{gorilla, compat, nhooyr, coder, gobwas, xnet, fasthttp, gofiber, gofiberV2, gofiberV3}

// funcs maps "path.Name" and "path.Type.Method" to its row.
var funcs = index()

type entry struct {
	lib *Library
	fn  *Func
}

func index() map[string]entry {
	m := make(map[string]entry)
	for _, l := range libraries {
		for i := range l.Funcs {
			f := &l.Funcs[i]
			m[f.Pkg+"."+string(f.Sym)] = entry{l, f}
		}
	}
	return m
}

// Lookup returns the library and the row of fn, or nil and nil if fn is not a
// function of a known library. Instances of generic functions count as their
// origin.
func Lookup(fn *types.Func) (*Library, *Func) {
	if fn == nil || fn.Pkg() == nil {
		return nil, nil
	}
	e := funcs[fn.Pkg().Path()+"."+string(SymbolOf(fn))]
	return e.lib, e.fn
}

// LibraryOf returns the library that owns the package with the import path, or
// nil.
func LibraryOf(path string) *Library {
	for _, l := range libraries {
		if path == l.Path || strings.HasPrefix(path, l.Path+"/") {
			return l
		}
	}
	return nil
}

// ConnOf returns the library whose connection type t is, looking through
// pointers and aliases, or nil.
func ConnOf(t types.Type) *Library {
	for {
		p, ok := types.Unalias(t).(*types.Pointer)
		if !ok {
			break
		}
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return nil
	}
	name := n.Obj().Pkg().Path() + "." + n.Obj().Name()
	for _, l := range libraries {
		for _, c := range l.Conns {
			if c == name {
				return l
			}
		}
	}
	return nil
}

// Wraps reports whether field i of the struct that t is or points to is what a
// connection of a library wraps: a connection itself.
func Wraps(t types.Type, i int) bool {
	if ConnOf(t) == nil {
		return false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return ok && i < st.NumFields() && ConnOf(st.Field(i).Type()) != nil
}

// SymbolOf returns the name of obj relative to its package: "Type.Method" for
// a method, "Type.Field" is not derivable from the object and yields the bare
// name (see FieldSymbol), and the bare name for everything else.
func SymbolOf(obj types.Object) Symbol {
	fn, ok := obj.(*types.Func)
	if !ok {
		return Symbol(obj.Name())
	}
	fn = fn.Origin()
	sig, ok := fn.Type().(*types.Signature)
	if !ok || sig.Recv() == nil {
		return Symbol(fn.Name())
	}
	t := types.Unalias(sig.Recv().Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return Symbol(n.Obj().Name() + "." + fn.Name())
	}
	return Symbol(fn.Name())
}

// FieldSymbol returns "Type.Field" for a field of an exported struct type of
// the field's own package, and false if there is none.
func FieldSymbol(field *types.Var) (Symbol, bool) {
	if !field.IsField() || field.Pkg() == nil {
		return "", false
	}
	scope := field.Pkg().Scope()
	for _, name := range scope.Names() {
		tn, ok := scope.Lookup(name).(*types.TypeName)
		if !ok || !tn.Exported() {
			continue
		}
		st, ok := tn.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for i := range st.NumFields() {
			if st.Field(i) == field.Origin() {
				return Symbol(name + "." + field.Name()), true
			}
		}
	}
	return "", false
}
