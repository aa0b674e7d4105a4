package drivers

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/scanner"
	"go/token"
	"go/types"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

// TestMutants breaks the cases of all rules, each package in several ways, and
// runs the rules over what is left: none fails, and half of what there was to
// find at least is found still. WSMIGRATE_BROKEN is how often each package is broken.
func TestMutants(t *testing.T) {
	n := 4
	if s := os.Getenv("WSMIGRATE_BROKEN"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		n = 1
	}
	for _, a := range analyzer.Suite {
		if err := a.Flags.Set("confidence", "low"); err != nil {
			t.Fatal(err)
		}
		defer a.Flags.Set("confidence", "high")
	}
	tr := wants(t, newest, "")
	mode := packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedModule | packages.NeedExportFile | packages.NeedImports | packages.NeedDeps
	made, broken, found, whole := 0, 0, 0, 0
	for _, p := range tr.load(mode, tr.pkg...) {
		if strings.HasPrefix(p.PkgPath, tr.module+"/stubs/") {
			continue
		}
		fset := token.NewFileSet()
		importer := imports(fset, p)
		seed := fnv.New64a()
		fmt.Fprint(seed, p.PkgPath)
		r := rand.New(rand.NewPCG(seed.Sum64(), 1))
		clean := 0
		for i := -1; i < n; i++ {
			u := emptyUnit(fset)
			var texts []string
			for _, name := range p.CompiledGoFiles {
				src, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				text := src
				if i >= 0 {
					text = mutate(src, i, r)
				}
				texts = append(texts, string(text))
				if f, _ := parser.ParseFile(fset, filepath.Base(name), text, parser.ParseComments); f != nil && f.Name != nil {
					u.files = append(u.files, f)
				}
			}
			conf := types.Config{Importer: importer, Error: func(err error) {
				if te, ok := err.(types.Error); ok {
					u.errors = append(u.errors, te)
				}
			}}
			u.pkg, _ = conf.Check(p.PkgPath, fset, u.files, u.info)
			if said := u.judge(); said != "" {
				t.Errorf("%s: %s\n%s", p.PkgPath, said, strings.Join(texts, "\n"))
			}
			switch {
			case i < 0:
				clean = len(u.found)
				continue
			case len(u.errors) > 0:
				broken, found, whole = broken+1, found+len(u.found), whole+clean
			}
			made++
		}
	}
	t.Logf("%d mutants, of which %d do not compile: %d findings in these, of %d in what they were", made, broken, found, whole)
	if broken*4 < made {
		t.Errorf("%d of %d mutants do not compile: too few to show anything", broken, made)
	}
	if found*2 < whole {
		t.Errorf("%d findings are left of %d", found, whole)
	}
}

// judge runs the rules over a unit and returns what went wrong, or "".
func (u *unit) judge() (said string) {
	defer func() {
		if r := recover(); r != nil {
			said = fmt.Sprint("panic: ", r)
		}
	}()
	for _, a := range analyzer.Suite {
		result, err := u.exec(a)
		if err == nil {
			err = analyzer.Failure(result)
		}
		if err != nil {
			return fmt.Sprintf("%s: %v", a.Name, err)
		}
	}
	return ""
}

// mutate breaks a file: every other time it loses statements, and otherwise
// tokens.
func mutate(src []byte, i int, r *rand.Rand) []byte {
	if i%2 == 1 {
		return withoutTokens(src, 1+r.IntN(3), r)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return src
	}
	lists := make([]*[]ast.Stmt, 0)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			lists = append(lists, &n.List)
		case *ast.CaseClause:
			lists = append(lists, &n.Body)
		case *ast.CommClause:
			lists = append(lists, &n.Body)
		}
		return true
	})
	for range 1 + len(lists)/8 {
		if len(lists) == 0 {
			break
		}
		list := lists[r.IntN(len(lists))]
		if len(*list) > 0 {
			k := r.IntN(len(*list))
			*list = append((*list)[:k:k], (*list)[k+1:]...)
		}
	}
	var out bytes.Buffer
	if printer.Fprint(&out, fset, f) != nil {
		return src
	}
	return out.Bytes()
}

// withoutTokens returns src without some of the tokens behind its imports.
func withoutTokens(src []byte, n int, r *rand.Rand) []byte {
	type span struct{ from, to int }
	var spans []span
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	start := bytes.Index(src, []byte("\n)\n")) // of the imports
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if lit == "" {
			lit = tok.String()
		}
		at := file.Offset(pos)
		if at > start && lit != "\n" && at+len(lit) <= len(src) {
			spans = append(spans, span{at, at + len(lit)})
		}
	}
	out := bytes.Clone(src)
	for range n {
		if len(spans) == 0 {
			break
		}
		sp := spans[r.IntN(len(spans))]
		for i := sp.from; i < sp.to; i++ {
			out[i] = ' '
		}
	}
	return out
}
