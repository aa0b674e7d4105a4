package goline

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"go/version"
	"slices"

	"golang.org/x/tools/go/packages"
)

// perIteration is the version from which on a loop has its variables anew in
// each iteration.
const perIteration = "go1.22"

// A Loop is a for statement and one of the variables it declares.
type Loop struct {
	Pos  token.Pos // of the statement
	Name string    // of the variable
	Use  token.Pos // of the closure or the address that may outlive an iteration
}

// Loops returns the loops of the packages whose meaning may change when their
// go line goes from below 1.22 to 1.22 or more: those with a variable that a
// function literal in the loop uses or whose address the loop takes, be it by
// a method call or by slicing an array. Whether the closure or the address
// really outlives the iteration is not examined, so a loop may be reported
// that means the same. Files that have the newer meaning already, or fix their
// version by a build constraint, are passed over.
//
// The packages share a FileSet; a file that several of them hold counts once.
// The order is that of file names and positions.
func Loops(pkgs []*packages.Package) []Loop {
	type key struct {
		file   string
		offset int
		name   string
	}
	found := make(map[key]Loop)
	for _, pkg := range pkgs {
		if pkg.TypesInfo == nil {
			continue
		}
		for _, f := range pkg.Syntax {
			if !changes(pkg, f) {
				continue
			}
			for _, l := range fileLoops(pkg.TypesInfo, f) {
				at := pkg.Fset.PositionFor(l.Pos, false)
				k := key{at.Filename, at.Offset, l.Name}
				if _, ok := found[k]; !ok {
					found[k] = l
				}
			}
		}
	}
	keys := make([]key, 0, len(found))
	for k := range found {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.offset, b.offset), cmp.Compare(a.name, b.name))
	})
	var loops []Loop
	for _, k := range keys {
		loops = append(loops, found[k])
	}
	return loops
}

// changes reports whether the go line decides about the file's loops.
func changes(pkg *packages.Package, f *ast.File) bool {
	if f.GoVersion != "" {
		return false // a constraint such as //go:build go1.18 decides
	}
	v := pkg.TypesInfo.FileVersions[f]
	return !version.IsValid(v) || version.Compare(v, perIteration) < 0
}

func fileLoops(info *types.Info, f *ast.File) []Loop {
	var loops []Loop
	ast.Inspect(f, func(n ast.Node) bool {
		var declared []ast.Expr
		var body []ast.Node // where the variables can be used
		switch n := n.(type) {
		case *ast.ForStmt:
			if init, ok := n.Init.(*ast.AssignStmt); ok && init.Tok == token.DEFINE {
				declared = init.Lhs
			}
			body = []ast.Node{n.Body}
			if n.Cond != nil {
				body = append(body, n.Cond)
			}
			if n.Post != nil {
				body = append(body, n.Post)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				declared = []ast.Expr{n.Key, n.Value}
			}
			body = []ast.Node{n.Body}
		}
		for _, e := range declared {
			id, ok := e.(*ast.Ident)
			if !ok || info.Defs[id] == nil {
				continue
			}
			s := search{info: info, obj: info.Defs[id]}
			for _, b := range body {
				ast.Walk(&s, b)
			}
			if s.use.IsValid() {
				loops = append(loops, Loop{n.Pos(), id.Name, s.use})
			}
		}
		return true
	})
	return loops
}

// A search looks for a use of a variable that can outlive an iteration. It is
// an ast.Visitor.
type search struct {
	info *types.Info
	obj  types.Object
	use  token.Pos
}

func (s *search) Visit(n ast.Node) ast.Visitor {
	if s.use.IsValid() {
		return nil
	}
	switch n := n.(type) {
	case *ast.FuncLit:
		ast.Inspect(n.Body, func(m ast.Node) bool {
			if id, ok := m.(*ast.Ident); ok && s.info.Uses[id] == s.obj {
				s.use = n.Pos()
			}
			return !s.use.IsValid()
		})
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			s.addressed(n.X, n.Pos())
		}
	case *ast.SliceExpr:
		if isArray(s.info.TypeOf(n.X)) {
			s.addressed(n.X, n.Pos())
		}
	case *ast.SelectorExpr:
		if takesAddress(s.info.Selections[n]) {
			s.addressed(n.X, n.Pos())
		}
	}
	return s
}

// addressed notes the position if e lies within the variable itself.
func (s *search) addressed(e ast.Expr, pos token.Pos) {
	for {
		switch x := e.(type) {
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			if s.info.Uses[x] == s.obj {
				s.use = pos
			}
			return
		case *ast.SelectorExpr:
			if sel := s.info.Selections[x]; sel == nil || sel.Indirect() {
				return
			}
			e = x.X
		case *ast.IndexExpr:
			if !isArray(s.info.TypeOf(x.X)) {
				return
			}
			e = x.X
		default:
			return
		}
	}
}

func isArray(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Array)
	return ok
}

// takesAddress reports whether x.M takes the address of a part of x, because M
// has a pointer receiver and x holds the value.
func takesAddress(sel *types.Selection) bool {
	if sel == nil || sel.Kind() != types.MethodVal {
		return false
	}
	recv := sel.Obj().Type().(*types.Signature).Recv()
	if recv == nil || !isPointer(recv.Type()) || isPointer(sel.Recv()) {
		return false
	}
	// The method may belong to a field embedded by pointer.
	t := sel.Recv()
	for _, i := range sel.Index()[:len(sel.Index())-1] {
		st, ok := t.Underlying().(*types.Struct)
		if !ok {
			return true
		}
		if t = st.Field(i).Type(); isPointer(t) {
			return false
		}
	}
	return true
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
