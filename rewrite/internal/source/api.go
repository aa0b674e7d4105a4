package source

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// api returns in words what importers of pkg can see of it: two packages with
// the same words can stand for each other where they are imported.
func api(pkg *types.Package) string {
	var lines []string
	seen := make(map[*types.TypeName]bool)
	var queue []*types.TypeName
	// Types that are not exported can be reached through what is.
	qualify := func(p *types.Package) string { return p.Path() }
	var mention func(t types.Type)
	mentioned := make(map[types.Type]bool)
	mention = func(t types.Type) {
		if mentioned[t] {
			return
		}
		mentioned[t] = true
		switch t := t.(type) {
		case *types.Alias:
			mention(types.Unalias(t))
		case *types.Named:
			if o := t.Obj(); o.Pkg() == pkg && !seen[o] {
				seen[o] = true
				queue = append(queue, o)
			}
			for arg := range t.TypeArgs().Types() {
				mention(arg)
			}
		case *types.Pointer:
			mention(t.Elem())
		case *types.Slice:
			mention(t.Elem())
		case *types.Array:
			mention(t.Elem())
		case *types.Chan:
			mention(t.Elem())
		case *types.Map:
			mention(t.Key())
			mention(t.Elem())
		case *types.Signature:
			for v := range t.Params().Variables() {
				mention(v.Type())
			}
			for v := range t.Results().Variables() {
				mention(v.Type())
			}
		case *types.Struct:
			for f := range t.Fields() {
				if f.Exported() || f.Embedded() {
					mention(f.Type())
				}
			}
		case *types.Interface:
			for m := range t.Methods() {
				mention(m.Type())
			}
		}
	}
	for _, name := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(name)
		if !o.Exported() {
			continue
		}
		if t, ok := o.(*types.TypeName); ok && !t.IsAlias() {
			mention(o.Type())
			continue
		}
		text := types.ObjectString(o, qualify)
		if c, ok := o.(*types.Const); ok {
			text += " = " + c.Val().ExactString()
		}
		lines = append(lines, text)
		mention(o.Type())
	}
	for len(queue) > 0 {
		o := queue[0]
		queue = queue[1:]
		lines = append(lines, typeLines(o, qualify, mention)...)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// typeLines describes a type: what it is made of as far as that can be seen,
// and its methods.
func typeLines(o *types.TypeName, qualify types.Qualifier, mention func(types.Type)) []string {
	name := o.Name()
	lines := []string{fmt.Sprintf("type %s, comparable %t", name, types.Comparable(o.Type()))}
	if st, ok := o.Type().Underlying().(*types.Struct); ok {
		hidden := false
		for i := range st.NumFields() {
			f := st.Field(i)
			hidden = hidden || !f.Exported()
			if f.Exported() || f.Embedded() {
				lines = append(lines, fmt.Sprintf("%s field %s %s %q", name, f.Name(), types.TypeString(f.Type(), qualify), st.Tag(i)))
				mention(f.Type())
			}
		}
		if !hidden {
			// Then the order matters too.
			lines = append(lines, fmt.Sprintf("%s is %s", name, types.TypeString(st, qualify)))
		}
	} else {
		lines = append(lines, fmt.Sprintf("%s is %s", name, types.TypeString(o.Type().Underlying(), qualify)))
		mention(o.Type().Underlying())
	}
	for sel := range types.NewMethodSet(types.NewPointer(o.Type())).Methods() {
		lines = append(lines, fmt.Sprintf("%s method %s %s pointer %t", name, sel.Obj().Name(), types.TypeString(sel.Type(), qualify), sel.Indirect()))
		mention(sel.Type())
	}
	return lines
}
