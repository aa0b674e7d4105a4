package rules

import (
	"go/ast"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// planOriginCheck refuses a CheckOrigin that decides something.
func planOriginCheck(u *unit.Unit, s *flow.Site, lit *ast.CompositeLit, kv *ast.KeyValueExpr) {
	u.Refuse(s.Pos, "CheckOrigin decides by itself", "ask the function before Accept, answer 403 if it says no, and set InsecureSkipVerify")
}

// planOriginGuard asks the CheckOrigin that the upgrader had before the call
// at c.
func planOriginGuard(u *unit.Unit, s *flow.Site, c inspector.Cursor, call *ast.CallExpr) {}
