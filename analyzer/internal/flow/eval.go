package flow

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// An operand is what a value may be: its paths, and the instructions on which
// it depends which of several objects a path means, so that a loop through one
// of them has another object each time.
type operand struct {
	paths  []*Path
	varies []ssa.Instruction

	// Of an argument: whether it is set, and the number, from 1, of the
	// caller's parameter that it is.
	is    truth
	param int
}

func (o *operand) add(q operand) {
	for _, p := range q.paths {
		o.addPath(p)
	}
	for _, x := range q.varies {
		o.addVaries(x)
	}
}

// maxPaths bounds how many paths a value is followed by.
const maxPaths = 8

func (o *operand) addPath(p *Path) {
	if len(o.paths) >= maxPaths {
		return
	}
	for _, have := range o.paths {
		if have == p {
			return
		}
	}
	o.paths = append(o.paths, p)
}

func (o *operand) addVaries(x ssa.Instruction) {
	for _, have := range o.varies {
		if have == x {
			return
		}
	}
	o.varies = append(o.varies, x)
}

func (s *scope) pathsOf(v ssa.Value) []*Path { return s.eval(v).paths }

// eval follows a value of the function back to its paths.
func (s *scope) eval(v ssa.Value) operand {
	if o, ok := s.values[v]; ok {
		return o
	}
	s.values[v] = operand{} // a cycle of phis adds nothing
	o := s.evalNew(v)
	s.values[v] = o
	return o
}

func (s *scope) evalNew(v ssa.Value) operand {
	in := s.prog.paths
	switch v := v.(type) {
	case *ssa.Parameter:
		for i, p := range s.fn.Params {
			if p == v {
				return operand{paths: []*Path{in.intern(pathKey{kind: paramRoot, fn: s.fn, index: i})}}
			}
		}
	case *ssa.FreeVar:
		for i, p := range s.fn.FreeVars {
			if p == v {
				return operand{paths: []*Path{in.intern(pathKey{kind: freeRoot, fn: s.fn, index: i})}}
			}
		}
	case *ssa.Global:
		if v.Pkg != s.prog.pkg.SSA && v.Pkg != nil {
			return operand{paths: []*Path{s.prog.global(v.Pkg.Pkg.Path() + "." + v.Name())}}
		}
		return operand{paths: []*Path{in.intern(pathKey{kind: globalRoot, val: v})}}
	case *ssa.Function:
		return operand{paths: []*Path{in.intern(pathKey{kind: funcRoot, val: v})}}
	case *ssa.MakeClosure:
		return operand{paths: []*Path{in.intern(pathKey{kind: funcRoot, fn: s.fn, val: v})}}
	case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice, *ssa.MakeChan:
		return s.site(v, 0)
	case *ssa.FieldAddr:
		return s.field(v.X, v.Field, v.X.Type())
	case *ssa.Field:
		return s.field(v.X, v.Field, v.X.Type())
	case *ssa.IndexAddr:
		return s.element(v.X, elemSel, v)
	case *ssa.Index:
		return s.element(v.X, elemSel, v)
	case *ssa.Lookup:
		return s.element(v.X, elemSel, v)
	case *ssa.Slice:
		return s.eval(v.X)
	case *ssa.UnOp:
		if isRecv(v) {
			return s.element(v.X, recvSel, v)
		}
		return s.eval(v.X)
	case *ssa.Phi:
		var o operand
		for _, e := range v.Edges {
			o.add(s.eval(e))
		}
		return o
	case *ssa.ChangeType:
		return s.eval(v.X)
	case *ssa.ChangeInterface:
		return s.eval(v.X)
	case *ssa.MakeInterface:
		return s.eval(v.X)
	case *ssa.Convert:
		return s.eval(v.X)
	case *ssa.TypeAssert:
		return s.eval(v.X)
	case *ssa.Extract:
		return s.extract(v)
	case *ssa.Call:
		return s.result(v, 0)
	}
	return operand{}
}

func (s *scope) site(v ssa.Value, index int) operand {
	o := operand{paths: []*Path{s.prog.paths.intern(pathKey{kind: siteRoot, fn: s.fn, val: v, index: index})}}
	if instr, ok := v.(ssa.Instruction); ok {
		o.varies = []ssa.Instruction{instr}
	}
	return o
}

func (s *scope) field(x ssa.Value, i int, container types.Type) operand {
	t := container.Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	st, ok := t.(*types.Struct)
	if !ok {
		return operand{}
	}
	from := s.eval(x)
	if wsapi.Wraps(container, i) {
		return from // one connection, by two names
	}
	o := operand{varies: from.varies}
	for _, p := range from.paths {
		o.addPath(s.prog.paths.step(p, pathKey{sel: fieldSel, field: st.Field(i).Origin(), owner: ownerOf(container)}))
	}
	return o
}

func (s *scope) element(x ssa.Value, kind selKind, at ssa.Instruction) operand {
	from := s.eval(x)
	var o operand
	o.varies = append(o.varies, from.varies...)
	o.addVaries(at)
	for _, p := range from.paths {
		o.addPath(s.prog.paths.sel(p, kind, x.Type()))
	}
	return o
}

func (s *scope) extract(v *ssa.Extract) operand {
	switch t := v.Tuple.(type) {
	case *ssa.Next:
		r, ok := t.Iter.(*ssa.Range)
		if !ok {
			return operand{}
		}
		switch v.Index {
		case 1:
			return s.element(r.X, keySel, t)
		case 2:
			return s.element(r.X, elemSel, t)
		}
	case *ssa.Lookup, *ssa.TypeAssert, *ssa.UnOp:
		if v.Index == 0 {
			return s.eval(t)
		}
	case *ssa.Select:
		k := v.Index - 2
		for _, st := range t.States {
			if st.Dir != types.RecvOnly {
				continue
			}
			if k == 0 {
				return s.element(st.Chan, recvSel, t)
			}
			k--
		}
	case *ssa.Call:
		return s.result(t, v.Index)
	}
	return operand{}
}

// result returns what a call returns.
func (s *scope) result(call *ssa.Call, index int) operand {
	in := s.prog.paths
	if b, ok := call.Call.Value.(*ssa.Builtin); ok {
		if b.Name() != "append" {
			return operand{}
		}
		o := s.site(call, 0)
		for _, arg := range call.Call.Args {
			o.add(s.eval(arg))
		}
		return o
	}
	if conn, row := s.library(&call.Call); row != nil {
		kind := writerSel
		switch {
		case !isStream(call.Call.Signature().Results().At(index).Type()):
			return s.site(call, index)
		case row.Roles.Has(wsapi.OpensWriter):
		case row.Roles.Has(wsapi.OpensReader):
			kind = readerSel
		default:
			return s.site(call, index)
		}
		o := operand{varies: conn.varies}
		for _, p := range conn.paths {
			p = in.sel(p, kind, nil)
			o.addPath(p)
			if row.Roles.Has(wsapi.Unguarded) {
				s.prog.opened[p] = wsapi.LibraryOf(row.Pkg)
			}
		}
		return o
	}
	callee := call.Call.StaticCallee()
	if callee == nil {
		return s.site(call, index)
	}
	if len(call.Call.Args) > 0 {
		switch {
		case isMethodOf(callee, "sync", "Map") && (callee.Name() == "Load" || callee.Name() == "LoadOrStore" || callee.Name() == "LoadAndDelete"):
			return s.element(call.Call.Args[0], elemSel, call)
		case isMethodOf(callee, "sync/atomic", "") && callee.Name() == "Load":
			return s.eval(call.Call.Args[0])
		}
	}
	sum := s.prog.summary(callee)
	if sum == nil || index >= len(sum.returns) {
		return s.site(call, index)
	}
	b := s.bind(sum, &call.Call, call)
	var o operand
	for _, p := range sum.returns[index] {
		if p.local() {
			o.add(s.site(call, index))
			continue
		}
		for _, q := range s.prog.subst(p, b) {
			o.addPath(q)
		}
		o.varies = append(o.varies, b.varies(p)...)
		if hasElement(p) {
			o.addVaries(call)
		}
	}
	if len(o.paths) == 0 {
		return s.site(call, index)
	}
	return o
}

// received reports whether every path goes through a channel, so that each
// goroutine that receives has an object of its own.
func received(paths []*Path) bool {
	for _, p := range paths {
		q := p
		for q.parent != nil && q.sel != recvSel {
			q = q.parent
		}
		if q.parent == nil {
			return false
		}
	}
	return true
}

// isStream reports whether a result can be a message writer or reader.
func isStream(t types.Type) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "Write")
	if obj == nil {
		obj, _, _ = types.LookupFieldOrMethod(t, true, nil, "Read")
	}
	_, ok := obj.(*types.Func)
	return ok
}

// hasElement reports whether a path goes through a container.
func hasElement(p *Path) bool {
	for ; p.parent != nil; p = p.parent {
		switch p.sel {
		case elemSel, keySel, recvSel:
			return true
		}
	}
	return false
}

// isMethodOf reports whether fn is a method of pkg's type; an empty type
// stands for any.
func isMethodOf(fn *ssa.Function, pkg, typ string) bool {
	recv := fn.Signature.Recv()
	if recv == nil {
		return false
	}
	t := recv.Type()
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != pkg {
		return false
	}
	return typ == "" || named.Obj().Name() == typ
}

// A store is an assignment: what src names can be found at dst too.
type store struct {
	dst, src *Path
	at       ssa.Instruction
}

// loads adds to paths what was stored under them in this function.
func (s *scope) loads(paths []*Path) []*Path {
	var o operand
	for _, p := range paths {
		o.addPath(p)
	}
	for i := 0; i < len(o.paths); i++ {
		p := o.paths[i]
		for _, n := range s.storesTo(p) {
			st := s.stores[n]
			o.addPath(s.prog.paths.again(p, st.dst, st.src))
		}
	}
	return o.paths
}

// storesTo returns the indices of the stores to p or to a beginning of it, in
// their order.
func (s *scope) storesTo(p *Path) []int {
	if s.byDst == nil {
		s.byDst = make(map[*Path][]int)
	}
	for ; s.indexed < len(s.stores); s.indexed++ {
		dst := s.stores[s.indexed].dst
		s.byDst[dst] = append(s.byDst[dst], s.indexed)
	}
	var found []int
	for ; p != nil; p = p.parent {
		found = append(found, s.byDst[p]...)
	}
	slices.Sort(found)
	return found
}

// escapes returns the other places where the objects of paths can be found,
// as far as a store before the instruction put them there; alive means that
// stores after it count too.
func (s *scope) escapes(paths []*Path, at ssa.Instruction, alive bool) []*Path {
	var o operand
	all := append([]*Path(nil), paths...)
	for i := 0; i < len(all) && len(all) < 4*maxPaths; i++ {
		p := all[i]
		for _, st := range s.stores {
			if !p.hasPrefix(st.src) || p.root() == st.dst.root() && p.local() || !s.sameRun(paths, st) {
				continue
			}
			if !alive && st.at != at && !reaches(st.at, at, s.creation(st.src)) {
				continue
			}
			q := s.prog.paths.again(p, st.src, st.dst)
			if !contains(all, q) {
				all = append(all, q)
				o.addPath(q)
			}
		}
	}
	return o.paths
}

// sameRun reports whether a store by a callee, of something that the callee
// made, can be about the objects of paths. Each call makes another: if one of
// the paths was filled by a call, it is that call.
func (s *scope) sameRun(paths []*Path, st store) bool {
	made := st.src.root()
	if made.kind != siteRoot || made.fn == s.fn {
		return true
	}
	filled := false
	for _, other := range s.stores {
		if other.src.root() != made {
			continue
		}
		for _, p := range paths {
			if p.root() != made && p.hasPrefix(other.dst) {
				if other.at == st.at {
					return true
				}
				filled = true
			}
		}
	}
	return !filled
}

// creation names the instruction that makes the object a path starts from.
func (s *scope) creation(p *Path) func(ssa.Instruction) bool {
	r := p.root()
	if r.kind != siteRoot || r.fn != s.fn {
		return nil
	}
	made, _ := r.val.(ssa.Instruction)
	return func(x ssa.Instruction) bool { return x == made }
}

func contains(list []*Path, p *Path) bool {
	for _, q := range list {
		if q == p {
			return true
		}
	}
	return false
}
