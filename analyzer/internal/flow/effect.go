package flow

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Kind says what an effect does to a connection.
type Kind uint8

const (
	Write Kind = iota
	Read
	invoke // calls a function value that only the caller knows
)

// A ThreadKind says how a goroutine comes about.
type ThreadKind uint8

const (
	Go      ThreadKind = iota // a go statement, or a function known to start one
	Handler                   // one for each request
	Stored                    // a function value put somewhere, called by nobody knows whom
)

// A Thread is a goroutine, named by the instruction that starts it.
type Thread struct {
	Kind ThreadKind
	Pos  token.Pos
	Run  *ssa.Function // what runs on it, if known
	// Far says in words what it is, if another package starts it; Pos is then
	// unset.
	Far string
}

// A Lock is a lock that is held; a shared one excludes only exclusive ones.
type Lock struct {
	Path   *Path
	Shared bool
}

// An Object is a connection: the paths that name it, and further places where
// it can be found because it was stored there.
type Object struct {
	own, other []*Path
}

// An Effect is one use of a connection as seen from a function: by itself, by
// what it calls, or by a goroutine that either starts.
type Effect struct {
	Kind Kind
	Lib  *wsapi.Library
	Call string // the name of the function called: WriteMessage
	Pos  token.Pos
	Fn   *ssa.Function // the function that Pos is in
	Via  token.Pos     // where Fn is called, if it is on the same goroutine
	// Far is the place of the call, file.go:line, if another package makes it.
	// Pos is then where that package is called, and Func what is called there.
	Far  string
	Func *ssa.Function

	Obj    Object
	Locks  []Lock
	Thread *Thread // nil: the goroutine of the function that has the summary

	// Multi: several goroutines of this kind exist at once with one object.
	Multi bool
	// Ranged: the object is met by going through all of a container.
	Ranged bool
	// Unsure: a step to the effect was a guess among several targets.
	Unsure bool
	// HandedOut: not a call, but a message writer given to the caller.
	HandedOut bool
	// Guarded: the library serialises this with its like.
	Guarded bool
	// Reassigned: the object's place is given a new connection in the loop
	// that makes the effect repeat.
	Reassigned bool

	when     []test          // what has to hold of the scope's parameters
	over     bool            // the goroutine ends before the function returns
	nilError bool            // the call that starts the goroutine returns no error
	repeat   bool            // anchor runs again with the same object
	anchor   ssa.Instruction // what brings the effect about in the scope
	varies   []ssa.Instruction
	signals  []*Path // what the goroutine does when it ends

	// onRead: the effect is a library's callback and runs on the goroutine
	// that reads from this object.
	onRead []*Path

	// Of an invoke: the function value and its arguments.
	target []*Path
	args   []operand
}

// live reports whether the effect's goroutine may still run when the call that
// brought it about has returned.
func (e *Effect) live() bool { return e.Thread != nil && !e.over }

// A summary is what a function does, in terms of its parameters, captured
// variables and globals.
type summary struct {
	fn       *ssa.Function
	foreign  bool // comes from another package's fact
	effects  []*Effect
	stores   []store   // what it stores where the caller can see it
	returns  [][]*Path // what each result may be
	acquires []Lock    // held at every return
	releases []*Path   // unlocked without having been locked
	signals  []*Path
}

// invokes reports whether the function calls function values that it is given.
func (sum *summary) invokes() bool {
	for _, e := range sum.effects {
		if e.Kind == invoke {
			return true
		}
	}
	return false
}

// maxEffects bounds a summary; a function with more uses of connections than
// this is judged by the first.
const maxEffects = 256

// A binding ties a callee's parameters to a call.
type binding struct {
	sum    *summary
	params []operand
	free   []operand
	made   map[*Path]*Path // a site of the callee that the call returns
}

func (b *binding) operand(root *Path) (operand, bool) {
	if root.fn != b.sum.fn {
		return operand{}, false
	}
	switch {
	case root.kind == paramRoot && root.index < len(b.params):
		return b.params[root.index], true
	case root.kind == freeRoot && root.index < len(b.free):
		return b.free[root.index], true
	}
	return operand{}, root.kind == paramRoot || root.kind == freeRoot
}

func (b *binding) varies(p *Path) []ssa.Instruction {
	o, _ := b.operand(p.root())
	return o.varies
}

// subst puts a path of the callee into the caller's terms. A path that starts
// at a site of the callee stays as it is.
func (pr *Program) subst(p *Path, b *binding) []*Path {
	root := p.root()
	if to := b.made[root]; to != nil {
		return []*Path{pr.paths.again(p, root, to)}
	}
	o, bound := b.operand(root)
	if !bound {
		return []*Path{p}
	}
	var list []*Path
	for _, q := range o.paths {
		list = append(list, pr.paths.again(p, root, q))
	}
	return list
}

func (pr *Program) substAll(paths []*Path, b *binding) []*Path {
	var o operand
	for _, p := range paths {
		for _, q := range pr.subst(p, b) {
			o.addPath(q)
		}
	}
	return o.paths
}

// bind ties the callee's parameters to the arguments of a call. made is the
// call itself where it has results, or nil.
func (s *scope) bind(sum *summary, c *ssa.CallCommon, instr ssa.Instruction) *binding {
	var args []operand
	if c.IsInvoke() {
		args = append(args, s.eval(c.Value))
	}
	for _, arg := range c.Args {
		args = append(args, s.argument(arg))
	}
	closure, _ := c.Value.(*ssa.MakeClosure)
	b := s.bindTo(sum, closure, args)
	if call, ok := instr.(*ssa.Call); ok {
		b.made = make(map[*Path]*Path)
		for i, paths := range sum.returns {
			for _, p := range paths {
				if p.kind == siteRoot && p.parent == nil {
					b.made[p] = s.site(call, i).paths[0]
				}
			}
		}
	}
	return b
}

func (s *scope) bindTo(sum *summary, closure *ssa.MakeClosure, args []operand) *binding {
	b := &binding{sum: sum, params: args}
	if closure != nil && closure.Parent() == s.fn {
		for _, v := range closure.Bindings {
			b.free = append(b.free, s.eval(v))
		}
	}
	return b
}
