package wsclose

import (
	"bytes"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
)

// unlock returns the fix that makes the deferred call of Lock one of Unlock,
// where nothing else in the function gives the mutex back.
func (c *checker) unlock(d *ssa.Defer, name, mutex string) []analysis.SuggestedFix {
	for _, b := range d.Parent().Blocks {
		for _, instr := range b.Instrs {
			call, ok := instr.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if n, mu := method(call.Common()); mu != nil && strings.HasSuffix(n, "Unlock") && key(mu, 0) == mutex {
				return nil
			}
		}
	}
	for _, lit := range d.Parent().AnonFuncs {
		if c.gives(lit) {
			return nil
		}
	}
	expr := c.CallExpr(d.Call.Pos())
	if expr == nil {
		return nil
	}
	sel, ok := ast.Unparen(expr.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return nil
	}
	other := strings.Replace(name, "Lock", "Unlock", 1)
	return []analysis.SuggestedFix{{
		Message:   "Defer " + other + " instead",
		TextEdits: []analysis.TextEdit{{Pos: sel.Sel.Pos(), End: sel.Sel.End(), NewText: []byte(other)}},
	}}
}

// gives reports whether a literal, or one in it, unlocks some mutex.
func (c *checker) gives(lit *ssa.Function) bool {
	for _, b := range lit.Blocks {
		for _, instr := range b.Instrs {
			if call, ok := instr.(ssa.CallInstruction); ok {
				if n, mu := method(call.Common()); mu != nil && strings.HasSuffix(n, "Unlock") {
					return true
				}
			}
		}
	}
	for _, inner := range lit.AnonFuncs {
		if c.gives(inner) {
			return true
		}
	}
	return false
}

// checkFirst returns the fix that moves a deferred use behind the test of the
// error, where the call, the use and a test that leaves stand one below the
// other. The comments above the use move along.
func (c *checker) checkFirst(call *ssa.Call, at ssa.Instruction) []analysis.SuggestedFix {
	d, ok := at.(*ssa.Defer)
	if !ok {
		return nil
	}
	opens, use := c.CallExpr(call.Pos()), c.CallExpr(d.Call.Pos())
	if opens == nil || use == nil {
		return nil
	}
	list := c.statements(use)
	for i, s := range list {
		deferred, ok := s.(*ast.DeferStmt)
		if !ok || deferred.Call != use || i == 0 || i+1 == len(list) {
			continue
		}
		assign, ok := list[i-1].(*ast.AssignStmt)
		test, ok2 := list[i+1].(*ast.IfStmt)
		if !ok || !ok2 || len(assign.Rhs) != 1 || ast.Unparen(assign.Rhs[0]) != opens || !c.leaves(test, assign) {
			return nil
		}
		return c.move(assign.End(), deferred, test)
	}
	return nil
}

// statements returns the list of statements in which a call stands by itself.
func (c *checker) statements(call *ast.CallExpr) (list []ast.Stmt) {
	for _, file := range c.Files {
		if call.Pos() < file.FileStart || call.Pos() >= file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n == nil || call.Pos() < n.Pos() || call.Pos() >= n.End() {
				return false
			}
			switch n := n.(type) {
			case *ast.BlockStmt:
				list = n.List
			case *ast.CaseClause:
				list = n.Body
			case *ast.CommClause:
				list = n.Body
			}
			return true
		})
	}
	return list
}

// leaves reports whether an if statement asks whether the error of the
// assignment is not nil, and nothing else, and does not go on if so.
func (c *checker) leaves(test *ast.IfStmt, assign *ast.AssignStmt) bool {
	cond, ok := ast.Unparen(test.Cond).(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || !c.TypesInfo.Types[cond.Y].IsNil() || test.Init != nil || test.Else != nil || len(test.Body.List) == 0 {
		return false
	}
	tested, ok := ast.Unparen(cond.X).(*ast.Ident)
	last, ok2 := assign.Lhs[len(assign.Lhs)-1].(*ast.Ident)
	if !ok || !ok2 || c.TypesInfo.ObjectOf(tested) == nil || c.TypesInfo.ObjectOf(tested) != c.TypesInfo.ObjectOf(last) {
		return false
	}
	switch end := test.Body.List[len(test.Body.List)-1].(type) {
	case *ast.ReturnStmt:
		return true
	case *ast.BranchStmt:
		return end.Tok == token.CONTINUE || end.Tok == token.BREAK
	case *ast.ExprStmt:
		call, ok := end.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		id, ok := ast.Unparen(call.Fun).(*ast.Ident)
		if !ok {
			return false
		}
		b, ok := c.TypesInfo.Uses[id].(*types.Builtin)
		return ok && b.Name() == "panic"
	}
	return false
}

// move returns the fix that puts the lines from behind the end of a statement
// to the end of s behind those of test, if no line is shared.
func (c *checker) move(end token.Pos, s ast.Stmt, test *ast.IfStmt) []analysis.SuggestedFix {
	tok := c.Fset.File(s.Pos())
	src, err := c.ReadFile(tok.Name())
	if err != nil || tok.Size() != len(src) {
		return nil
	}
	next := func(p token.Pos) int { // the start of the next line
		i := bytes.IndexByte(src[tok.Offset(p):], '\n')
		if i < 0 {
			return len(src)
		}
		return tok.Offset(p) + i + 1
	}
	from, to, behind := next(end), next(s.End()), next(test.End())
	if from > tok.Offset(s.Pos()) || to > tok.Offset(test.Pos()) || behind == len(src) {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "Look at the error first",
		TextEdits: []analysis.TextEdit{
			{Pos: tok.Pos(from), End: tok.Pos(to)},
			{Pos: tok.Pos(behind), End: tok.Pos(behind), NewText: src[from:to]},
		},
	}}
}
