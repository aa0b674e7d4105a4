// Package lazyssa gives rules the SSA form of a package, built when the first
// of them asks. Requiring buildssa instead would build it for every package
// that a rule with facts visits, the standard library included.
package lazyssa

import (
	"go/ast"
	"go/types"
	"reflect"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// Analyzer's result is a *Builder; it does no work by itself.
var Analyzer = &analysis.Analyzer{
	Name:             "lazyssa",
	Doc:              "lazyssa: build the SSA form of a package on demand",
	RunDespiteErrors: true,
	ResultType:       reflect.TypeFor[*Builder](),
	Run: func(pass *analysis.Pass) (any, error) {
		b := new(Builder)
		b.build = sync.OnceValue(func() *Package {
			b.built.Store(true)
			return build(pass, strict)
		})
		b.guess = sync.OnceValue(func() *Package {
			if len(pass.TypeErrors) == 0 {
				return b.build()
			}
			b.built.Store(true)
			return build(pass, trim)
		})
		return b, nil
	},
}

// A Builder builds the SSA form of one package once.
type Builder struct {
	build, guess func() *Package
	built        atomic.Bool
}

// A Package is a package in SSA form.
type Package struct {
	SSA *ssa.Package
	// Funcs holds the functions of the source, literals included, in the
	// order of the source.
	Funcs []*ssa.Function

	guessed map[types.Object]bool
}

// Guessed reports whether something in the declared function around fn that is
// not understood may decide what happens there: a condition, see Builder.Guess,
// or what is given an error.
func (p *Package) Guessed(fn *ssa.Function) bool {
	for fn != nil && fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn != nil && fn.Object() != nil && p.guessed[fn.Object()]
}

// Package returns the SSA form, or nil where the builder does not cope with the
// package. Statements with type errors are not in it, nor the bodies of functions
// that make no sense without them. It may be called by several goroutines.
func (b *Builder) Package() *Package { return b.build() }

// Guess is Package for rules that can live with guesses: ill-typed conditions
// are taken for true and for false.
func (b *Builder) Guess() *Package { return b.guess() }

// Built reports whether the SSA form was asked for.
func (b *Builder) Built() bool { return b.built.Load() }

func build(pass *analysis.Pass, part form) *Package {
	if len(pass.TypeErrors) == 0 {
		return buildFrom(pass, pass.Files, pass.TypesInfo)
	}
	for _, part := range []form{part, strict, drop} {
		info := newTyping(pass.TypesInfo, pass.TypeErrors)
		files, guessed := wellTyped(pass.Files, info, part)
		if pkg := buildFrom(pass, files, info.Info); pkg != nil {
			pkg.guessed = guessed
			return pkg
		}
	}
	return nil
}

func buildFrom(pass *analysis.Pass, files []*ast.File, info *types.Info) (pkg *Package) {
	defer func() {
		if recover() != nil {
			pkg = nil // no SSA means no findings, never a broken build
		}
	}()
	prog := ssa.NewProgram(pass.Fset, ssa.InstantiateGenerics)
	prog.SetNoReturn(NoReturn)
	for _, imp := range pass.Pkg.Imports() {
		prog.CreatePackage(imp, nil, nil, true)
	}
	built := prog.CreatePackage(pass.Pkg, files, info, false)
	built.Build()

	pkg = &Package{SSA: built}
	var add func(*ssa.Function)
	add = func(fn *ssa.Function) {
		pkg.Funcs = append(pkg.Funcs, fn)
		for _, lit := range fn.AnonFuncs {
			add(lit)
		}
	}
	for _, file := range files {
		for _, decl := range file.Decls {
			decl, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if fn, ok := info.Defs[decl.Name].(*types.Func); ok {
				if f := prog.FuncValue(fn); f != nil {
					add(f)
				}
			}
		}
	}
	// Literals in the initial values of package variables.
	if init := built.Func("init"); init != nil {
		add(init)
	}
	return pkg
}

// NoReturn reports whether a function of the standard library never returns.
// The SSA form ends a path at a static call of one, not at a call of a method
// of an interface, such as testing.TB.
func NoReturn(fn *types.Func) bool {
	if fn.Pkg() == nil {
		return false
	}
	switch fn.Pkg().Path() {
	case "os":
		return fn.Name() == "Exit"
	case "runtime":
		return fn.Name() == "Goexit"
	case "log":
		switch fn.Name() {
		case "Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln":
			return true
		}
	case "testing":
		switch fn.Name() {
		case "Fatal", "Fatalf", "FailNow", "Skip", "Skipf", "SkipNow":
			return true
		}
	}
	return false
}
