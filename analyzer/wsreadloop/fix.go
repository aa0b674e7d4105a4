package wsreadloop

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
)

// leave returns the fix that turns the continue after a failed read into a
// return: where the error is compared with nil and nothing else, the loop is
// the last thing that the function does, and it returns nothing or an error.
func (c *checker) leave(read *ast.CallExpr) []analysis.SuggestedFix {
	if read == nil {
		return nil
	}
	for _, file := range c.Files {
		if read.Pos() < file.FileStart || read.Pos() >= file.FileEnd {
			continue
		}
		var fixes []analysis.SuggestedFix
		ast.PreorderStack(file, nil, func(n ast.Node, stack []ast.Node) bool {
			if n == read {
				fixes = c.leaveLoop(read, stack)
			}
			return n.Pos() <= read.Pos() && read.Pos() < n.End()
		})
		return fixes
	}
	return nil
}

func (c *checker) leaveLoop(read *ast.CallExpr, stack []ast.Node) []analysis.SuggestedFix {
	test, err := c.testAfter(read, stack)
	if test == nil || len(test.Body.List) == 0 || test.Else != nil {
		return nil
	}
	cond, ok := ast.Unparen(test.Cond).(*ast.BinaryExpr)
	if !ok || cond.Op != token.NEQ || !c.uses(cond.X, err) || !c.TypesInfo.Types[cond.Y].IsNil() {
		return nil
	}
	last, ok := test.Body.List[len(test.Body.List)-1].(*ast.BranchStmt)
	if !ok || last.Tok != token.CONTINUE || last.Label != nil {
		return nil
	}
	what := "return"
	for i := len(stack) - 1; i >= 2; i-- {
		switch n := stack[i].(type) {
		case *ast.RangeStmt, *ast.LabeledStmt:
			return nil
		case *ast.ForStmt:
			body, ok := stack[i-1].(*ast.BlockStmt)
			if !ok || body.List[len(body.List)-1] != n {
				return nil
			}
			var sig *types.Signature
			switch fn := stack[i-2].(type) {
			case *ast.FuncLit:
				sig, _ = c.TypesInfo.TypeOf(fn).(*types.Signature)
			case *ast.FuncDecl:
				if obj, ok := c.TypesInfo.Defs[fn.Name].(*types.Func); ok {
					sig = obj.Signature()
				}
			}
			switch {
			case sig == nil:
				return nil
			case sig.Results().Len() == 1 && isError(sig.Results().At(0).Type()):
				what = "return " + err.Name()
			case sig.Results().Len() > 0:
				return nil
			}
			return []analysis.SuggestedFix{{
				Message:   "Replace continue by " + what,
				TextEdits: []analysis.TextEdit{{Pos: last.Pos(), End: last.End(), NewText: []byte(what)}},
			}}
		case *ast.FuncLit, *ast.FuncDecl:
			return nil
		}
	}
	return nil
}

// testAfter returns the if statement that looks at the error of the read, and
// the variable that holds it.
func (c *checker) testAfter(read *ast.CallExpr, stack []ast.Node) (*ast.IfStmt, *types.Var) {
	if len(stack) < 2 {
		return nil, nil
	}
	assign, ok := stack[len(stack)-1].(*ast.AssignStmt)
	if !ok || len(assign.Rhs) != 1 {
		return nil, nil
	}
	id, ok := assign.Lhs[len(assign.Lhs)-1].(*ast.Ident)
	if !ok {
		return nil, nil
	}
	err, ok := c.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok {
		return nil, nil
	}
	var list []ast.Stmt
	switch n := stack[len(stack)-2].(type) {
	case *ast.IfStmt:
		if n.Init == assign {
			return n, err
		}
	case *ast.BlockStmt:
		list = n.List
	case *ast.CaseClause:
		list = n.Body
	case *ast.CommClause:
		list = n.Body
	}
	for i, s := range list {
		if s == assign && i+1 < len(list) {
			test, _ := list[i+1].(*ast.IfStmt)
			if test != nil && test.Init != nil {
				test = nil
			}
			return test, err
		}
	}
	return nil, nil
}

func (c *checker) uses(e ast.Expr, v *types.Var) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && c.TypesInfo.Uses[id] == v
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}
