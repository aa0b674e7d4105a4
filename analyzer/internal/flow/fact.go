package flow

import (
	"fmt"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Fact is a function's summary as the packages that call it get it. Paths
// start at parameters, globals and what the function makes; positions are
// written out, since those of one package mean nothing in another.
type Fact struct {
	Effects  []FactEffect
	Stores   []FactStore
	Returns  [][]FactPath
	Acquires []FactLock
	Releases []FactPath
	Signals  []FactPath
}

// AFact marks Fact as a fact of go/analysis.
func (*Fact) AFact() {}

// String says how much a function does, for tests and for debugging.
func (f *Fact) String() string {
	var s []string
	for _, e := range f.Effects {
		switch {
		case e.Kind == Write && e.Thread != nil:
			s = append(s, "go writes "+e.Call)
		case e.Kind == Write:
			s = append(s, "writes "+e.Call)
		case e.Kind == Read:
			s = append(s, "reads "+e.Call)
		case e.Thread != nil:
			s = append(s, "starts what it is given")
		default:
			s = append(s, "calls what it is given")
		}
	}
	if n := len(f.Stores); n > 0 {
		s = append(s, fmt.Sprintf("stores %d", n))
	}
	if len(f.Acquires) > 0 {
		s = append(s, "locks")
	}
	if len(f.Releases) > 0 {
		s = append(s, "unlocks")
	}
	if len(f.Returns) > 0 {
		s = append(s, "returns")
	}
	return strings.Join(s, ", ")
}

// OfConns reports whether the function does something to a connection or hands
// one out. Others only lock, or call what they are given.
func (f *Fact) OfConns() bool {
	return len(f.Stores)+len(f.Returns) > 0 ||
		slices.ContainsFunc(f.Effects, func(e FactEffect) bool { return e.Kind == Write || e.Kind == Read })
}

// A FactPath is a Path in terms of a function's signature.
type FactPath struct {
	Root  string // "param", "global" or "made"
	Index int    // of a parameter, the receiver included, or of what is made
	Name  string // of a global: path.Name
	Steps []FactStep
}

// A FactStep is one step of a FactPath.
type FactStep struct {
	Sel   uint8
	Field int    // index in the struct
	Pkg   string // of the named type that the step selects from
	Type  string
}

// A FactLock is a Lock.
type FactLock struct {
	Path   FactPath
	Shared bool
}

// A FactStore is an assignment that the caller can see.
type FactStore struct{ Dst, Src FactPath }

// A FactThread is a Thread.
type FactThread struct {
	Kind ThreadKind
	What string // the goroutine in words, with its position
}

// A FactEffect is an Effect.
type FactEffect struct {
	Kind   Kind
	Lib    string // import path
	Call   string
	Site   string // file.go:line of the call into the library
	Own    []FactPath
	Other  []FactPath
	Locks  []FactLock
	Thread *FactThread
	OnRead []FactPath

	Ranged, Unsure, HandedOut, Guarded, Over, NilError bool

	Signals, Target []FactPath
	Args            [][]FactPath
	When            []FactTest
}

// A FactTest says that an effect comes about only if a parameter, the receiver
// included, is set, or only if it is not.
type FactTest struct {
	Param int
	Set   bool
}

// Facts gives the facts of the package's functions that others can call, in
// the order of the source.
func (pr *Program) Facts(export func(*types.Func, *Fact)) {
	for _, fn := range pr.pkg.Funcs {
		obj, ok := fn.Object().(*types.Func)
		sum := pr.summaries[fn]
		if !ok || !obj.Exported() || fn.Parent() != nil || sum == nil || pr.inTest(fn) {
			continue
		}
		w := factWriter{pr: pr, fn: fn, made: make(map[*Path]int)}
		if f := w.fact(sum); f != nil {
			export(obj.Origin(), f)
		}
	}
}

// A factWriter puts one function's summary into the form of a fact.
type factWriter struct {
	pr   *Program
	fn   *ssa.Function
	made map[*Path]int
}

// fact returns nil for a function that does nothing of interest.
func (w *factWriter) fact(sum *summary) *Fact {
	f := new(Fact)
	for _, e := range sum.effects {
		if fe, ok := w.effect(e); ok && len(f.Effects) < maxFactEffects {
			f.Effects = append(f.Effects, fe)
		}
	}
	for _, l := range sum.acquires {
		if p, ok := w.path(l.Path); ok && p.Root != "made" {
			f.Acquires = append(f.Acquires, FactLock{p, l.Shared})
		}
	}
	f.Releases = w.paths(sum.releases)
	holds := w.pr.holdsConn(w.fn.Signature.Results())
	if holds || streams(sum.returns) {
		for _, paths := range sum.returns {
			f.Returns = append(f.Returns, w.paths(paths))
		}
	}
	if recv := w.fn.Signature.Recv(); holds || recv != nil && w.pr.holdsConn(recv.Type()) || w.pr.holdsConn(w.fn.Signature.Params()) {
		for _, st := range sum.stores {
			dst, ok1 := w.path(st.dst)
			src, ok2 := w.path(st.src)
			if ok1 && ok2 && len(f.Stores) < maxFactEffects {
				f.Stores = append(f.Stores, FactStore{dst, src})
			}
		}
	}
	if len(f.Effects)+len(f.Acquires)+len(f.Releases)+len(f.Stores)+len(f.Returns) == 0 {
		return nil
	}
	f.Signals = w.paths(sum.signals)
	return f
}

// streams reports whether a message writer or reader is among the results.
func streams(returns [][]*Path) bool {
	for _, paths := range returns {
		for _, p := range paths {
			_, w := p.under(writerSel)
			_, r := p.under(readerSel)
			if w || r {
				return true
			}
		}
	}
	return false
}

// maxFactEffects bounds a fact.
const maxFactEffects = 64

func (w *factWriter) effect(e *Effect) (FactEffect, bool) {
	fe := FactEffect{
		Kind: e.Kind, Call: e.Call, Site: e.Far,
		Ranged: e.Ranged, Unsure: e.Unsure, HandedOut: e.HandedOut, Guarded: e.Guarded, Over: e.over, NilError: e.nilError,
		Own: w.paths(e.Obj.own), Other: w.paths(e.Obj.other), OnRead: w.paths(e.onRead),
		Signals: w.paths(e.signals), Target: w.paths(e.target),
	}
	if e.Lib != nil {
		fe.Lib = e.Lib.Path
	}
	for _, t := range e.when {
		fe.When = append(fe.When, FactTest{t.param, t.want == set})
	}
	if fe.Site == "" && e.Pos.IsValid() {
		posn := w.fn.Prog.Fset.Position(e.Pos)
		fe.Site = fmt.Sprintf("%s:%d", path.Base(strings.ReplaceAll(posn.Filename, `\`, "/")), posn.Line)
	}
	if t := e.Thread; t != nil {
		if t.Kind != Go {
			return fe, false // the program that has the handler is judged there
		}
		fe.Thread = &FactThread{t.Kind, t.words(w.fn.Prog)}
	}
	// An effect without one of its locks would say too much.
	for _, l := range e.Locks {
		p, ok := w.path(l.Path)
		if !ok {
			return fe, false
		}
		fe.Locks = append(fe.Locks, FactLock{p, l.Shared})
	}
	if len(fe.OnRead) < len(e.onRead) || len(fe.Signals) < len(e.signals) {
		return fe, false
	}
	if e.Kind == invoke {
		for _, a := range e.args {
			fe.Args = append(fe.Args, w.paths(a.paths))
		}
		return fe, len(fe.Target) > 0
	}
	return fe, len(fe.Own) > 0 && len(fe.Own) == len(e.Obj.own)
}

// words describes the goroutine for a package that does not see it start.
func (t *Thread) words(prog *ssa.Program) string {
	if t.Far != "" {
		return t.Far
	}
	s := "the goroutine"
	if name := FuncName(t.Run); name != "" {
		s += " of " + name
	}
	if t.Pos.IsValid() {
		posn := prog.Fset.Position(t.Pos)
		s += fmt.Sprintf(" started at %s:%d", path.Base(strings.ReplaceAll(posn.Filename, `\`, "/")), posn.Line)
	}
	return s
}

// FuncName returns Type.Method or Func, and "" for a literal.
func FuncName(fn *ssa.Function) string {
	if fn == nil || fn.Object() == nil {
		return ""
	}
	// A bound method has a wrapper of its own; the declaration knows better.
	decl, ok := fn.Object().(*types.Func)
	if !ok {
		return fn.Name()
	}
	if recv := decl.Signature().Recv(); recv != nil {
		if t := TypeName(recv.Type()); t != "" {
			return t + "." + decl.Name()
		}
	}
	return decl.Name()
}

// paths returns those paths that mean something to a caller.
func (w *factWriter) paths(list []*Path) []FactPath {
	var out []FactPath
	for _, p := range list {
		if fp, ok := w.path(p); ok {
			out = append(out, fp)
		}
	}
	return out
}

func (w *factWriter) path(p *Path) (FactPath, bool) {
	var fp FactPath
	if p.parent != nil {
		up, ok := w.path(p.parent)
		if !ok {
			return fp, false
		}
		step := FactStep{Sel: uint8(p.sel)}
		if p.owner != nil {
			tn := p.owner.Obj()
			step.Pkg, step.Type = tn.Pkg().Path(), tn.Name()
			if tn.Parent() != tn.Pkg().Scope() && tn.Pkg() == w.pr.pkg.SSA.Pkg {
				return fp, false // declared in a function
			}
		}
		if p.sel == fieldSel {
			if p.owner == nil {
				return fp, false
			}
			if step.Field = fieldIndex(p.owner, p.field); step.Field < 0 {
				return fp, false
			}
		}
		up.Steps = append(up.Steps[:len(up.Steps):len(up.Steps)], step)
		return up, true
	}
	switch p.kind {
	case paramRoot:
		return FactPath{Root: "param", Index: p.index}, p.fn == w.fn
	case globalRoot:
		if g, ok := p.val.(*ssa.Global); ok {
			return FactPath{Root: "global", Name: g.Pkg.Pkg.Path() + "." + g.Name()}, true
		}
		return FactPath{Root: "global", Name: p.name}, p.name != ""
	case siteRoot:
		n, ok := w.made[p]
		if !ok {
			n = len(w.made)
			w.made[p] = n
		}
		return FactPath{Root: "made", Index: n}, true
	}
	return fp, false
}

func fieldIndex(owner *types.Named, field *types.Var) int {
	st, ok := owner.Underlying().(*types.Struct)
	if !ok {
		return -1
	}
	for i := range st.NumFields() {
		if st.Field(i) == field {
			return i
		}
	}
	return -1
}

// holdsConn reports whether a value of the type can hold a connection in its
// fields and elements.
func (pr *Program) holdsConn(t types.Type) bool {
	seen := make(map[types.Type]bool)
	var holds func(types.Type) bool
	holds = func(t types.Type) bool {
		t = types.Unalias(t)
		if seen[t] {
			return false
		}
		seen[t] = true
		if wsapi.ConnOf(t) != nil {
			return true
		}
		switch t := t.Underlying().(type) {
		case *types.Tuple:
			for v := range t.Variables() {
				if holds(v.Type()) {
					return true
				}
			}
		case *types.Pointer:
			return holds(t.Elem())
		case *types.Slice:
			return holds(t.Elem())
		case *types.Array:
			return holds(t.Elem())
		case *types.Chan:
			return holds(t.Elem())
		case *types.Map:
			return holds(t.Key()) || holds(t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if holds(f.Type()) {
					return true
				}
			}
		case *types.Interface:
			return pr.connLike(t)
		}
		return false
	}
	return holds(t)
}

// connLike reports whether an interface is made for connections: a method
// writes or reads messages, or it is net.Conn and there is a library that
// works on those.
func (pr *Program) connLike(t *types.Interface) bool {
	network := 0
	for m := range t.Methods() {
		switch m.Name() {
		case "WriteMessage", "ReadMessage", "WriteJSON", "ReadJSON", "NextWriter", "NextReader":
			return true
		case "Read", "Write", "SetWriteDeadline":
			network++
		}
	}
	if network < 3 {
		return false
	}
	for _, lib := range pr.libs {
		if len(lib.Conns) == 0 {
			return true
		}
	}
	return false
}
