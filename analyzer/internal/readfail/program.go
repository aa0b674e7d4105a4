package readfail

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Program is one package.
type Program struct {
	ssa     *lazyssa.Package
	effects map[*ssa.Function]*effect

	assigned map[*types.Var]bool // fields assigned after their struct was made
}

// New looks at the package as a whole.
func New(pkg *lazyssa.Package) *Program {
	c := &Program{ssa: pkg, effects: make(map[*ssa.Function]*effect), assigned: make(map[*types.Var]bool)}
	for _, fn := range pkg.Funcs {
		for _, b := range fn.Blocks {
			for _, instr := range b.Instrs {
				store, ok := instr.(*ssa.Store)
				if !ok {
					continue
				}
				addr, ok := store.Addr.(*ssa.FieldAddr)
				if !ok {
					continue
				}
				if _, fresh := addr.X.(*ssa.Alloc); !fresh {
					c.assigned[fieldOf(addr)] = true
				}
			}
		}
	}
	return c
}

func lookup(fn *ssa.Function) (*wsapi.Library, *wsapi.Func) {
	if fn == nil {
		return nil, nil
	}
	obj, _ := fn.Object().(*types.Func)
	return wsapi.Lookup(obj)
}

// Survivors returns those of the failures after which the loop around the call
// goes on with the same connection, as far as they are equally sure, and how
// sure that is. It returns none where the call is in no loop.
func (r *Call) Survivors(failures []wsapi.Failure) (through []wsapi.Failure, sure rule.Confidence) {
	inLoop := cycle(r.SSA.Block())
	if inLoop == nil {
		return nil, ""
	}
	conn, ok := r.c.placeOf(r.conn, inLoop, 0)
	if !ok {
		return nil, ""
	}
	conn.fields = append(conn.fields, r.fields...)
	for _, f := range failures {
		best := rule.Confidence("")
		for _, o := range r.outcomes(f) {
			w := &walker{c: r.c, failure: &f, read: r.SSA, conn: conn, inLoop: inLoop}
			w.after(r.SSA, o)
			for _, fl := range w.loops {
				if t := fl.confidence(); best == "" || t.AtLeast(best) {
					best = t
				}
			}
		}
		switch {
		case best == "":
		case len(through) == 0 || best != sure && best.AtLeast(sure):
			through, sure = []wsapi.Failure{f}, best
		case best == sure:
			through = append(through, f)
		}
	}
	return through, sure
}
