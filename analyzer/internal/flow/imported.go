package flow

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// imported returns the summary of a function of another package, or nil if
// nothing is known of it.
func (pr *Program) imported(fn *ssa.Function) *summary {
	if sum, ok := pr.summaries[fn]; ok {
		return sum
	}
	pr.summaries[fn] = nil
	obj, ok := fn.Object().(*types.Func)
	if !ok || pr.facts == nil || obj.Pkg() == nil || obj.Pkg() == pr.pkg.SSA.Pkg {
		return nil
	}
	var f Fact
	if !pr.facts.Of(obj.Origin(), &f) {
		return nil
	}
	r := factReader{pr: pr, fn: fn, sig: obj.Origin().Signature(), returned: &f}
	sum := &summary{fn: fn, foreign: true, signals: r.paths(f.Signals), releases: r.paths(f.Releases)}
	for _, e := range f.Effects {
		if e := r.effect(e); e != nil {
			sum.effects = append(sum.effects, e)
		}
	}
	for _, l := range f.Acquires {
		if p := r.path(l.Path); p != nil {
			sum.acquires = append(sum.acquires, Lock{p, l.Shared})
		}
	}
	for _, st := range f.Stores {
		dst, src := r.path(st.Dst), r.path(st.Src)
		if dst != nil && src != nil {
			sum.stores = append(sum.stores, store{dst: dst, src: src})
		}
	}
	for _, paths := range f.Returns {
		sum.returns = append(sum.returns, r.paths(paths))
	}
	pr.summaries[fn] = sum
	return sum
}

// A factReader puts a fact into the terms of the package that reads it. What
// it cannot find there, the type of a field say, is nil.
type factReader struct {
	pr       *Program
	fn       *ssa.Function
	sig      *types.Signature
	returned *Fact
}

func (r *factReader) effect(fe FactEffect) *Effect {
	e := &Effect{
		Kind: fe.Kind, Lib: wsapi.LibraryOf(fe.Lib), Call: fe.Call, Far: fe.Site,
		Ranged: fe.Ranged, Unsure: fe.Unsure, HandedOut: fe.HandedOut, Guarded: fe.Guarded, over: fe.Over, nilError: fe.NilError,
		Obj:    Object{own: r.paths(fe.Own), other: r.paths(fe.Other)},
		onRead: r.paths(fe.OnRead), signals: r.paths(fe.Signals), target: r.paths(fe.Target),
	}
	for _, t := range fe.When {
		e.when = append(e.when, test{t.Param, unset})
		if t.Set {
			e.when[len(e.when)-1].want = set
		}
	}
	for _, l := range fe.Locks {
		p := r.path(l.Path)
		if p == nil {
			return nil // without its lock the effect would say too much
		}
		e.Locks = append(e.Locks, Lock{p, l.Shared})
	}
	if len(e.onRead) < len(fe.OnRead) || len(e.signals) < len(fe.Signals) {
		return nil
	}
	if t := fe.Thread; t != nil {
		e.Thread = &Thread{Kind: t.Kind, Far: t.What}
	}
	for _, a := range fe.Args {
		e.args = append(e.args, operand{paths: r.paths(a)})
	}
	if e.Kind == invoke {
		if len(e.target) == 0 {
			return nil
		}
		return e
	}
	if e.Lib == nil || len(e.Obj.own) == 0 {
		return nil
	}
	return e
}

func (r *factReader) paths(list []FactPath) []*Path {
	var out []*Path
	for _, fp := range list {
		if p := r.path(fp); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func (r *factReader) path(fp FactPath) *Path {
	in := r.pr.paths
	var p *Path
	var t types.Type // of p, or nil if that is unknown
	switch fp.Root {
	case "param":
		p = in.intern(pathKey{kind: paramRoot, fn: r.fn, index: fp.Index})
		t = r.param(fp.Index)
	case "global":
		p = r.pr.global(fp.Name)
	case "made":
		p = in.intern(pathKey{kind: siteRoot, fn: r.fn, index: fp.Index})
		t = r.made(fp.Index)
	default:
		return nil
	}
	for _, step := range fp.Steps {
		k := pathKey{sel: selKind(step.Sel)}
		if step.Type != "" {
			if k.owner = ownerOf(t); k.owner == nil || k.owner.Obj().Name() != step.Type || k.owner.Obj().Pkg().Path() != step.Pkg {
				k.owner = r.pr.named(step.Pkg, step.Type)
			}
			if k.owner == nil {
				return nil
			}
			t = k.owner
		}
		t = elemOf(t, k.sel)
		if k.sel == fieldSel {
			st, ok := k.owner.Underlying().(*types.Struct)
			if !ok || step.Field >= st.NumFields() {
				return nil
			}
			k.field = st.Field(step.Field)
			t = k.field.Type()
		}
		p = in.step(p, k)
	}
	return p
}

func (r *factReader) param(i int) types.Type {
	if r.sig.Recv() != nil {
		if i == 0 {
			return r.sig.Recv().Type()
		}
		i--
	}
	if i < r.sig.Params().Len() {
		return r.sig.Params().At(i).Type()
	}
	return nil
}

// made returns the type of the result that is, by itself, what the function
// made as its nth.
func (r *factReader) made(n int) types.Type {
	for i, paths := range r.returned.Returns {
		for _, p := range paths {
			if p.Root == "made" && p.Index == n && len(p.Steps) == 0 && i < r.sig.Results().Len() {
				return r.sig.Results().At(i).Type()
			}
		}
	}
	return nil
}

// elemOf returns the type of what a step takes out of a container, or nil.
func elemOf(t types.Type, sel selKind) types.Type {
	if t == nil {
		return nil
	}
	t = t.Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	switch t := t.(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Chan:
		return t.Elem()
	case *types.Map:
		if sel == keySel {
			return t.Key()
		}
		return t.Elem()
	}
	return nil
}

// global returns the path of another package's variable, given as path.Name.
func (pr *Program) global(name string) *Path {
	return pr.paths.intern(pathKey{kind: globalRoot, name: name})
}

// named finds a named type of a package among the imports, direct or not, by
// name. Export data keeps an unexported one only where something refers to it,
// and then outside of the scope.
func (pr *Program) named(pkg, name string) *types.Named {
	if pr.imports == nil {
		pr.imports = make(map[string]*types.Package)
		var walk func(*types.Package)
		walk = func(p *types.Package) {
			if pr.imports[p.Path()] != nil {
				return
			}
			pr.imports[p.Path()] = p
			for _, q := range p.Imports() {
				walk(q)
			}
		}
		walk(pr.pkg.SSA.Pkg)
	}
	p := pr.imports[pkg]
	if p == nil {
		return nil
	}
	tn, ok := p.Scope().Lookup(name).(*types.TypeName)
	if !ok {
		return nil
	}
	named, ok := types.Unalias(tn.Type()).(*types.Named)
	if !ok {
		return nil
	}
	return named.Origin()
}

// lastName returns Name of path.Name, with the last element of the path.
func lastName(name string) string {
	return name[strings.LastIndexByte(name, '/')+1:]
}
