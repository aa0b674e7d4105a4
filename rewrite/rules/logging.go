package rules

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// logPackages are packages whose functions and methods leave nothing but a
// line in a log.
var logPackages = []string{
	"log", "log/slog", "fmt", "testing",
	"github.com/sirupsen/logrus", "go.uber.org/zap", "github.com/rs/zerolog", "github.com/golang/glog", "k8s.io/klog",
	"github.com/hashicorp/go-hclog", "github.com/go-kit/log", "github.com/charmbracelet/log", "github.com/op/go-logging",
	"github.com/go-logr/logr", "github.com/apex/log", "github.com/inconshreveable/log15", "github.com/cihub/seelog", "github.com/decred/slog",
	"github.com/btcsuite/btclog", "github.com/ipfs/go-log", "github.com/ethereum/go-ethereum/log", "github.com/phuslu/log", "github.com/gookit/slog",
}

// isLogging reports whether the call writes to a log.
func isLogging(f *flow.File, call *ast.CallExpr) bool {
	fn := calledFunc(f, call)
	if fn == nil || fn.Pkg() == nil || noReturn(f, call) {
		return false
	}
	if fn.Pkg().Path() == "fmt" {
		return strings.HasPrefix(fn.Name(), "Print")
	}
	if fn.Pkg().Path() == "testing" {
		return strings.HasPrefix(fn.Name(), "Log")
	}
	return ofLogPackage(fn)
}

func ofLogPackage(fn *types.Func) bool {
	for _, p := range logPackages {
		if fn.Pkg().Path() == p || strings.HasPrefix(fn.Pkg().Path(), p+"/") {
			return true
		}
	}
	return false
}

// onlyLogs reports whether the block does nothing but log and leave.
func onlyLogs(f *flow.File, b *ast.BlockStmt) bool {
	for _, s := range b.List {
		switch s := s.(type) {
		case *ast.ReturnStmt, *ast.BranchStmt:
		case *ast.ExprStmt:
			call, ok := s.X.(*ast.CallExpr)
			if !ok || !isLogging(f, call) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// leavesLogLines reports whether the call does nothing but write to a log:
// itself, or as a function of the tree that does no more. What its arguments
// are made of is without effect.
func leavesLogLines(u *unit.Unit, f *flow.File, call *ast.CallExpr) bool {
	return logLines(u, f, call, 3)
}

func logLines(u *unit.Unit, f *flow.File, call *ast.CallExpr, depth int) bool {
	if !quietArgs(f, call) || depth == 0 {
		return false
	}
	if isLogging(f, call) {
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		return !ok || quietLine(f, sel.X)
	}
	fn := calledFunc(f, call)
	if fn == nil || unit.IsInterfaceMethod(fn) {
		return false
	}
	g, d := declaredAt(u, fn)
	if d == nil || d.Body == nil || len(d.Body.List) == 0 {
		return false
	}
	return blockLogs(u, g, d.Body, depth-1)
}

// blockLogs reports whether the block does nothing but write to a log, perhaps
// under conditions.
func blockLogs(u *unit.Unit, f *flow.File, b *ast.BlockStmt, depth int) bool {
	for _, st := range b.List {
		switch st := st.(type) {
		case *ast.ExprStmt:
			call, ok := ast.Unparen(st.X).(*ast.CallExpr)
			if !ok || !logLines(u, f, call, depth) {
				return false
			}
		case *ast.IfStmt:
			if st.Init != nil || st.Else != nil || !quietLine(f, st.Cond) || !blockLogs(u, f, st.Body, depth) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// quietArgs reports whether evaluating the arguments has no effect.
func quietArgs(f *flow.File, call *ast.CallExpr) bool {
	return !slices.ContainsFunc(call.Args, func(e ast.Expr) bool { return !quietLine(f, e) })
}

// quietLine is quiet for what a log line is made of: builtins, errors and
// methods without arguments, which are taken to be getters, may be called too.
func quietLine(f *flow.File, e ast.Expr) bool {
	ok := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			ok = false
		case *ast.UnaryExpr:
			ok = ok && n.Op != token.ARROW
		case *ast.CallExpr:
			tv := f.Pkg.TypesInfo.Types[n.Fun]
			fn := calledFunc(f, n)
			if tv.IsType() || tv.IsBuiltin() {
				return true
			}
			if fn == nil {
				ok = false
				return false
			}
			getter := len(n.Args) == 0 && fn.Signature().Recv() != nil && fn.Signature().Results().Len() > 0
			ok = ok && (getter || fn.Pkg() != nil && (ofLogPackage(fn) || linePackages[fn.Pkg().Path()] || slices.Contains(quietPackages, fn.Pkg().Path())))
		}
		return ok
	})
	return ok
}

var linePackages = map[string]bool{"bytes": true, "errors": true, "math": true, "time": true, "unicode/utf8": true}
