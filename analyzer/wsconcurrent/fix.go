package wsconcurrent

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/flow"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// control returns the fix that sends control frames by the method that may be
// called beside a writer, if each pair of the group has such a frame, and none
// of the functions that send them sets a deadline for writes, which the frame
// would no longer have.
func (r *reporter) control(group []flow.Pair) []analysis.SuggestedFix {
	calls := make(map[*ast.CallExpr]string)
	var list []*ast.CallExpr
	for _, p := range group {
		found := false
		for _, u := range []flow.Use{p.A, p.B} {
			call := r.CallExpr(u.Pos)
			name := r.controlMethod(call)
			if name == "" {
				continue
			}
			found = true
			if calls[call] == "" {
				calls[call] = name
				list = append(list, call)
			}
		}
		if !found {
			return nil
		}
	}
	var edits []analysis.TextEdit
	var file *ast.File
	for _, call := range list {
		in := r.fileOf(call.Pos())
		if in == nil || file != nil && in != file || r.setsDeadline(in, call) {
			return nil
		}
		file = in
		time, ok := r.timeName(file, call.Pos())
		if !ok {
			return nil
		}
		sel := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		edits = append(edits,
			analysis.TextEdit{Pos: sel.Sel.Pos(), End: sel.Sel.End(), NewText: []byte(calls[call])},
			analysis.TextEdit{Pos: call.Args[1].End(), End: call.Args[1].End(), NewText: fmt.Appendf(nil, ", %s.Now().Add(10*%[1]s.Second)", time)})
	}
	if file == nil {
		return nil
	}
	imp, ok := r.importTime(file)
	if !ok {
		return nil
	}
	edits = append(edits, imp...)
	return []analysis.SuggestedFix{{Message: "Send control frames with " + calls[list[0]] + ", which may be called at any time, and ten seconds for each", TextEdits: edits}}
}

// controlMethod returns the name of the method that sends a control frame
// beside other writes, if a call sends one as a message.
func (r *reporter) controlMethod(call *ast.CallExpr) string {
	if call == nil || len(call.Args) != 2 || call.Ellipsis.IsValid() {
		return ""
	}
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	fn, _ := r.TypesInfo.Uses[sel.Sel].(*types.Func)
	if _, row := wsapi.Lookup(fn); row == nil || !row.Roles.Has(wsapi.Writes) || fn.Signature().Recv() == nil {
		return ""
	}
	kind := r.TypesInfo.Types[call.Args[0]].Value
	if kind == nil || kind.Kind() != constant.Int {
		return ""
	}
	// Opcodes of control frames have the fourth bit.
	if n, exact := constant.Int64Val(kind); !exact || n < 8 || n > 10 {
		return ""
	}
	recv := types.NewMethodSet(fn.Signature().Recv().Type())
	for i := range recv.Len() {
		m, _ := recv.At(i).Obj().(*types.Func)
		_, row := wsapi.Lookup(m)
		if row == nil || !row.Roles.Has(wsapi.WritesControl) || row.Roles.Has(wsapi.Writes) {
			continue
		}
		have, want := fn.Signature(), m.Signature()
		if want.Params().Len() == 3 && types.Identical(want.Params().At(0).Type(), have.Params().At(0).Type()) &&
			types.Identical(want.Params().At(1).Type(), have.Params().At(1).Type()) && types.Identical(want.Results(), have.Results()) {
			return m.Name()
		}
	}
	return ""
}

func (r *reporter) fileOf(pos token.Pos) *ast.File {
	for _, file := range r.Files {
		if file.FileStart <= pos && pos < file.FileEnd {
			return file
		}
	}
	return nil
}

// setsDeadline reports whether the declaration around a call sets a deadline
// for writes.
func (r *reporter) setsDeadline(file *ast.File, call *ast.CallExpr) bool {
	sets := false
	for _, decl := range file.Decls {
		if call.Pos() < decl.Pos() || call.Pos() >= decl.End() {
			continue
		}
		ast.Inspect(decl, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				fn, _ := r.TypesInfo.Uses[id].(*types.Func)
				if _, row := wsapi.Lookup(fn); row != nil && row.Roles.Has(wsapi.SetsWriteDeadline) {
					sets = true
				}
			}
			return !sets
		})
	}
	return sets
}

// timeName returns the name of the package time in a file, and whether it can
// be used at pos. Without an import it is the package's own.
func (r *reporter) timeName(file *ast.File, pos token.Pos) (string, bool) {
	name := "time"
	for _, spec := range file.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && path == "time" && spec.Name != nil {
			name = spec.Name.Name
		}
	}
	if name == "_" || name == "." {
		return "", false
	}
	scope := r.Pkg.Scope().Innermost(pos)
	if scope == nil {
		return "", false
	}
	_, obj := scope.LookupParent(name, pos)
	pkg, ok := obj.(*types.PkgName)
	return name, obj == nil || ok && pkg.Imported().Path() == "time"
}

// importTime returns the edit that imports time into a file that does not.
func (r *reporter) importTime(file *ast.File) ([]analysis.TextEdit, bool) {
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` {
			return nil, true
		}
	}
	tok := r.Fset.File(file.Pos())
	src, err := r.ReadFile(tok.Name())
	if err != nil || tok.Size() != len(src) {
		return nil, false
	}
	newline := "\n"
	if bytes.Contains(src, []byte("\r\n")) {
		newline = "\r\n"
	}
	insert := func(pos token.Pos, text string) ([]analysis.TextEdit, bool) {
		return []analysis.TextEdit{{Pos: pos, End: pos, NewText: []byte(text)}}, true
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT || !gen.Lparen.IsValid() || len(gen.Specs) == 0 {
			continue
		}
		var last *ast.ImportSpec // of the standard library
		for _, s := range gen.Specs {
			spec := s.(*ast.ImportSpec)
			path, err := strconv.Unquote(spec.Path.Value)
			if first, _, _ := strings.Cut(path, "/"); err != nil || strings.Contains(first, ".") {
				continue
			}
			if path > "time" {
				return insert(spec.Pos(), `"time"`+newline+"\t")
			}
			last = spec
		}
		if last == nil {
			return insert(gen.Specs[0].Pos(), `"time"`+newline+newline+"\t")
		}
		end := tok.Offset(last.End())
		i := bytes.IndexByte(src[end:], '\n')
		if i < 0 || gen.Rparen < tok.Pos(end+i) {
			return nil, false // all on one line
		}
		return insert(tok.Pos(end+i+1), "\t"+`"time"`+newline)
	}
	return insert(file.Name.End(), newline+newline+`import "time"`)
}
