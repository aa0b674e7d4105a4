package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/lazyssa"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A Program is a package under analysis.
type Program struct {
	pkg   *lazyssa.Package
	libs  []*wsapi.Library
	paths interner

	summaries map[*ssa.Function]*summary
	called    map[*ssa.Function]bool // by something in the package
	started   map[*ssa.Function]bool // by a go statement
	scopes    []*scope
	impls     map[*types.Func][]*ssa.Function
	libTypes  map[*wsapi.Library]types.Type // pointer to the connection type
	// opened has the library of the writers that are no write by themselves.
	opened map[*Path]*wsapi.Library
	// semaphores are the channels, by field or global, that are locks.
	semaphores map[any]semaphore
	facts      *Facts
	imports    map[string]*types.Package // by path; nil until asked for
}

// New analyses the functions of a package, those of test files excepted.
func New(pkg *lazyssa.Package, libs []*wsapi.Library) *Program {
	return NewWith(pkg, libs, nil)
}

// Facts are what is known of other packages' functions.
type Facts struct {
	// Of fills in the fact of a function, and reports whether there is one.
	Of func(*types.Func, *Fact) bool
	// Packages are those that can have facts.
	Packages map[*types.Package]bool
}

// NewWith is New with the facts of the packages that pkg imports.
func NewWith(pkg *lazyssa.Package, libs []*wsapi.Library, facts *Facts) *Program {
	pr := &Program{
		pkg: pkg, libs: libs, facts: facts, paths: make(interner),
		summaries: make(map[*ssa.Function]*summary),
		called:    make(map[*ssa.Function]bool),
		started:   make(map[*ssa.Function]bool),
		impls:     make(map[*types.Func][]*ssa.Function),
		libTypes:  connTypes(pkg.SSA.Pkg, libs),
		opened:    make(map[*Path]*wsapi.Library),

		semaphores: semaphores(pkg.Funcs),
	}
	for _, fn := range pkg.Funcs {
		if !pr.inTest(fn) {
			pr.summary(fn)
		}
	}
	return pr
}

// inTest reports whether a function stands in a test file: tests start
// goroutines as they like, and what they call is no use in production.
func (pr *Program) inTest(fn *ssa.Function) bool {
	return fn.Pos().IsValid() && strings.HasSuffix(fn.Prog.Fset.Position(fn.Pos()).Filename, "_test.go")
}

// connTypes finds the connection types of the libraries among the imports.
func connTypes(pkg *types.Package, libs []*wsapi.Library) map[*wsapi.Library]types.Type {
	m := make(map[*wsapi.Library]types.Type)
	seen := make(map[*types.Package]bool)
	var walk func(*types.Package)
	walk = func(p *types.Package) {
		for _, q := range p.Imports() {
			if seen[q] {
				continue
			}
			seen[q] = true
			for _, lib := range libs {
				if q.Path() != lib.Path {
					continue
				}
				if tn, ok := q.Scope().Lookup("Conn").(*types.TypeName); ok {
					m[lib] = types.NewPointer(tn.Type())
				}
			}
			walk(q)
		}
	}
	walk(pkg)
	return m
}

// A scope is a function under analysis.
type scope struct {
	prog   *Program
	fn     *ssa.Function
	values map[ssa.Value]operand
	stores []store
	// byDst indexes the first indexed stores by what they store to.
	byDst    map[*Path][]int
	indexed  int
	defers   []*ssa.Defer
	joinList []join
	cases    map[*ssa.BasicBlock]chanOp // the bodies of select cases
	effects  []*Effect
	sum      *summary
	// invoking are the functions whose calls by value are being resolved. One
	// that calls itself through its arguments would never end.
	invoking map[*ssa.Function]bool
}

// maxBlocks is the size of the largest function that is looked at. The time it
// takes grows with its third power.
const maxBlocks = 1500

// summary returns what a function does, or nil for one without a body or with
// too large a one. Within a recursion the inner call counts as doing nothing.
func (pr *Program) summary(fn *ssa.Function) *summary {
	if fn == nil {
		return nil
	}
	if len(fn.Blocks) == 0 {
		return pr.imported(fn)
	}
	if fn.Pkg == nil && fn.Synthetic == "" || len(fn.Blocks) > maxBlocks {
		return nil
	}
	if sum, ok := pr.summaries[fn]; ok {
		return sum
	}
	sum := &summary{fn: fn}
	pr.summaries[fn] = sum
	s := &scope{prog: pr, fn: fn, values: make(map[ssa.Value]operand), sum: sum, invoking: make(map[*ssa.Function]bool)}
	s.run()
	pr.scopes = append(pr.scopes, s)
	return sum
}

func (s *scope) run() {
	for _, block := range s.fn.Blocks {
		for _, instr := range block.Instrs {
			if d, ok := instr.(*ssa.Defer); ok {
				s.defers = append(s.defers, d)
			}
		}
	}
	s.collectStores()
	s.cases = s.selectCases()
	s.joinList = s.joins()
	s.sum.signals = s.ownSignals()

	states := s.lockStates()
	var atReturn []held
	for _, block := range s.fn.Blocks {
		h, reached := states[block]
		if !reached {
			continue // the block that recovers, or dead code
		}
		h = s.enter(block, h, &s.sum.releases)
		for _, instr := range block.Instrs {
			s.emit(instr, h)
			h = s.lockInstr(instr, h, &s.sum.releases, func(d *ssa.Defer, h held) {
				s.call(&d.Call, d, instr, h, nil)
			})
			if ret, ok := instr.(*ssa.Return); ok {
				atReturn = append(atReturn, h)
				s.returned(ret, h)
			}
		}
	}
	for i, h := range atReturn {
		if i == 0 {
			s.sum.acquires = h
		} else {
			s.sum.acquires = held(s.sum.acquires).meet(h)
		}
	}
	s.callbacks()
	s.export()
}

// collectStores records what is stored where.
func (s *scope) collectStores() {
	in := s.prog.paths
	put := func(dst []*Path, val ssa.Value, at ssa.Instruction) {
		for _, src := range s.pathsOf(val) {
			for _, d := range dst {
				if d != src && !src.hasPrefix(d) {
					s.stores = append(s.stores, store{d, src, at})
				}
			}
		}
	}
	sel := func(container ssa.Value, kind selKind) []*Path {
		var list []*Path
		for _, p := range s.pathsOf(container) {
			list = append(list, in.sel(p, kind, container.Type()))
		}
		return list
	}
	for _, block := range s.fn.Blocks {
		for _, instr := range block.Instrs {
			switch instr := instr.(type) {
			case *ssa.Store:
				put(s.pathsOf(instr.Addr), instr.Val, instr)
			case *ssa.MapUpdate:
				put(sel(instr.Map, elemSel), instr.Value, instr)
				put(sel(instr.Map, keySel), instr.Key, instr)
			case *ssa.Send:
				put(sel(instr.Chan, recvSel), instr.X, instr)
			case *ssa.Select:
				for _, st := range instr.States {
					if st.Dir == types.SendOnly {
						put(sel(st.Chan, recvSel), st.Send, instr)
					}
				}
			case ssa.CallInstruction:
				c := instr.Common()
				callee := c.StaticCallee()
				if callee == nil {
					continue
				}
				args := c.Args
				switch {
				case isMethodOf(callee, "sync", "Map") && len(args) == 3:
					put(sel(args[0], keySel), args[1], instr)
					put(sel(args[0], elemSel), args[2], instr)
				case isMethodOf(callee, "sync/atomic", "") && callee.Name() == "Store" && len(args) == 2:
					put(s.pathsOf(args[0]), args[1], instr)
				default:
					sum := s.prog.summary(callee)
					if sum == nil || len(sum.stores) == 0 {
						continue
					}
					b := s.bind(sum, c, instr)
					for _, st := range sum.stores {
						for _, dst := range s.prog.subst(st.dst, b) {
							for _, src := range s.prog.subst(st.src, b) {
								if dst != src {
									s.stores = append(s.stores, store{dst, src, instr})
								}
							}
						}
					}
				}
			}
			if len(s.stores) > 4*maxEffects {
				return
			}
		}
	}
}

// returned records the results of a return, and a message writer among them
// as something that the caller goes on to write with.
func (s *scope) returned(ret *ssa.Return, h held) {
	for i, v := range ret.Results {
		if i >= len(s.sum.returns) {
			s.sum.returns = append(s.sum.returns, nil)
		}
		for _, p := range s.loads(s.pathsOf(v)) {
			if !contains(s.sum.returns[i], p) && len(s.sum.returns[i]) < maxPaths {
				s.sum.returns[i] = append(s.sum.returns[i], p)
			}
			conn, ok := p.under(writerSel)
			if !ok {
				continue
			}
			for _, e := range s.effects {
				if e.Kind == Write && contains(e.Obj.own, conn) && e.anchor.Parent() == s.fn && e.Thread == nil {
					out := *e
					out.HandedOut = true
					out.Locks = h
					out.anchor = ret
					s.add(&out)
					break
				}
			}
		}
	}
}

// add appends an effect to the scope unless an equal one is there.
func (s *scope) add(e *Effect) {
	if len(s.effects) >= maxEffects {
		return
	}
	for _, x := range s.effects {
		if x.Kind == e.Kind && x.Pos == e.Pos && x.Thread == e.Thread && x.anchor == e.anchor &&
			x.HandedOut == e.HandedOut && samePaths(x.Obj.own, e.Obj.own) && samePaths(x.onRead, e.onRead) &&
			samePaths(x.target, e.target) && held(x.Locks).equal(e.Locks) {
			return
		}
	}
	s.effects = append(s.effects, e)
}

func samePaths(a, b []*Path) bool {
	if len(a) != len(b) {
		return false
	}
	for _, p := range a {
		if !contains(b, p) {
			return false
		}
	}
	return true
}

// callbacks adds, for each callback of a library, what it does at the places
// where the connection is read, on the goroutine that reads.
func (s *scope) callbacks() {
	for _, e := range s.effects {
		if e.onRead == nil || e.Kind == Read {
			continue
		}
		for _, r := range s.effects {
			if r.Kind != Read || r.onRead != nil || !intersect(e.onRead, r.Obj.own) {
				continue
			}
			run := *e
			run.onRead = nil
			run.Thread, run.anchor, run.over = r.Thread, r.anchor, r.over
			run.Multi, run.repeat = r.Multi, r.repeat
			run.varies, run.signals = r.varies, r.signals
			run.Locks = append(append(held(nil), e.Locks...), r.Locks...)
			s.add(&run)
		}
	}
}

// export fills the summary with what a caller can see.
func (s *scope) export() {
	visible := func(p *Path) bool { return !p.local() || s.isReturned(p) }
	for _, e := range s.effects {
		out := *e
		if e.live() {
			out.over = !leaves(e.anchor, s.ended(e.signals))
			out.nilError = s.returnsNil(e)
		}
		s.sum.effects = append(s.sum.effects, &out)
	}
	// All stores are known, and many are of the same paths.
	loaded := make(map[*Path][]*Path)
	loads := func(p *Path) []*Path {
		out, ok := loaded[p]
		if !ok {
			out = s.loads([]*Path{p})
			loaded[p] = out
		}
		return out
	}
	for _, st := range s.stores {
		for _, dst := range append([]*Path{st.dst}, loads(st.dst)...) {
			for _, src := range loads(st.src) {
				// A fresh object counts as well: the caller learns that the
				// place has a new one.
				if visible(dst) && dst != src && (visible(src) || fromCall(src)) {
					s.sum.stores = append(s.sum.stores, store{dst: dst, src: src})
				}
			}
		}
		if len(s.sum.stores) > maxEffects {
			break
		}
	}
}

// fromCall reports whether a path is the result of a call.
func fromCall(p *Path) bool {
	_, ok := p.val.(*ssa.Call)
	return ok && p.parent == nil && p.kind == siteRoot
}

func (s *scope) isReturned(p *Path) bool {
	root := p.root()
	for _, paths := range s.sum.returns {
		if contains(paths, root) {
			return true
		}
	}
	return false
}

func intersect(a, b []*Path) bool {
	for _, p := range a {
		if contains(b, p) {
			return true
		}
	}
	return false
}
