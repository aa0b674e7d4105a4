package wsorigin

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
)

// A weakness is a comparison that an Origin passes which was not meant.
type weakness struct {
	at   ast.Expr
	what string
	sure rule.Confidence
}

// A verdict on a comparison.
type strength uint8

const (
	unrelated strength = iota // not about the Origin
	strict                    // compares a whole, or nobody knows what
	weak
)

// compare judges an expression of type bool by itself, without the
// operators that combine such.
func (c *checker) compare(e ast.Expr, known map[types.Object]header) (strength, weakness) {
	switch e := ast.Unparen(e).(type) {
	case *ast.BinaryExpr:
		return c.binary(e, known)
	case *ast.CallExpr:
		return c.test(e, known)
	case *ast.IndexExpr:
		if c.from(e.Index, known) != 0 {
			return strict, weakness{} // a set of Origins
		}
	case *ast.Ident, *ast.SelectorExpr:
		return unrelated, weakness{}
	}
	return unrelated, weakness{}
}

func (c *checker) binary(e *ast.BinaryExpr, known map[types.Object]header) (strength, weakness) {
	// strings.Index(origin, s) >= 0 and the like.
	if call, ok := ast.Unparen(e.X).(*ast.CallExpr); ok {
		if fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func); ok && len(call.Args) == 2 && isTextFunc(fn, "Index", "LastIndex") {
			k := c.TypesInfo.Types[e.Y].Value
			if k == nil || k.Kind() != constant.Int {
				return strict, weakness{}
			}
			n, _ := constant.Int64Val(k)
			switch {
			case e.Op == token.EQL && n == 0:
				return c.substring(call, "HasPrefix", known)
			case e.Op == token.GEQ && n == 0, e.Op == token.GTR && n == -1, e.Op == token.NEQ && n == -1:
				return c.substring(call, "Contains", known)
			}
			return unrelated, weakness{}
		}
	}
	if e.Op != token.EQL && e.Op != token.NEQ {
		return unrelated, weakness{}
	}
	return c.equal(e, e.X, e.Y, known)
}

// equal judges a comparison of two wholes, which is fine unless it is the
// Referer's.
func (c *checker) equal(at, x, y ast.Expr, known map[types.Object]header) (strength, weakness) {
	h := c.from(x, known) | c.from(y, known)
	switch {
	case h == 0, c.isEmpty(x), c.isEmpty(y), isScheme(x), isScheme(y):
		return unrelated, weakness{}
	case h == refererHeader:
		return weak, weakness{at, "compares the Referer, which a page can leave out, and no Origin; compare the Origin header", rule.High}
	}
	return strict, weakness{}
}

// isScheme reports whether e selects the scheme of a URL, which says nothing
// about who asks.
func isScheme(e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Scheme"
}

func (c *checker) isEmpty(e ast.Expr) bool {
	tv := c.TypesInfo.Types[e]
	return tv.IsNil() || tv.Value != nil && tv.Value.Kind() == constant.String && constant.StringVal(tv.Value) == ""
}

func isTextFunc(fn *types.Func, names ...string) bool {
	if fn.Pkg() == nil || fn.Pkg().Path() != "strings" && fn.Pkg().Path() != "bytes" {
		return false
	}
	for _, name := range names {
		if fn.Name() == name {
			return true
		}
	}
	return false
}

// test judges a call that yields a bool.
func (c *checker) test(call *ast.CallExpr, known map[types.Object]header) (strength, weakness) {
	fn, ok := c.object(ast.Unparen(call.Fun)).(*types.Func)
	if !ok {
		for _, arg := range call.Args {
			if c.from(arg, known) != 0 {
				return strict, weakness{}
			}
		}
		return unrelated, weakness{}
	}
	switch {
	case len(call.Args) == 2 && isTextFunc(fn, "HasPrefix", "HasSuffix", "Contains"):
		return c.substring(call, fn.Name(), known)
	case len(call.Args) == 2 && isTextFunc(fn, "EqualFold", "Equal"):
		return c.equal(call, call.Args[0], call.Args[1], known)
	case fn.Pkg() != nil && fn.Pkg().Path() == "regexp":
		return c.match(call, fn, known)
	}
	for _, arg := range call.Args {
		if c.from(arg, known) != 0 {
			return strict, weakness{}
		}
	}
	return unrelated, weakness{}
}

// substring judges a test of two strings for the one being in the other.
func (c *checker) substring(call *ast.CallExpr, name string, known map[types.Object]header) (strength, weakness) {
	whole, part := call.Args[0], call.Args[1]
	hw, hp := c.from(whole, known), c.from(part, known)
	w := weakness{at: call, sure: rule.High}
	switch {
	case hw == 0 && hp == 0, hw != 0 && hp != 0:
		return unrelated, w
	case hp != 0:
		// The list has the Origin in it, or the beginning of an entry.
		if c.isEmpty(whole) || name == "HasSuffix" {
			return strict, w
		}
		w.sure = rule.Medium
		w.what = fmt.Sprintf("lets every part of %s pass as an Origin; compare each entry as a whole", source(whole))
		return weak, w
	case hw == refererHeader:
		w.what = "compares the Referer, which a page can leave out, and no Origin; compare the Origin header"
		return weak, w
	}
	text, first, last := c.ends(part)
	if text == "" && !first && !last && !c.isHost(part) {
		// What a variable has may begin or end with the right character.
		if name != "Contains" {
			w.sure = rule.Medium
		}
	}
	switch name {
	case "HasPrefix":
		if last && !allOfScheme(text) || otherScheme(text) {
			return unrelated, w
		}
		w.what = fmt.Sprintf("also accepts an Origin that goes on behind %s, on any host; parse the Origin and compare its host as a whole", source(part))
	case "HasSuffix":
		if first {
			return strict, w
		}
		w.what = fmt.Sprintf("also accepts an Origin with anything before %s, on any host; parse the Origin and compare its host as a whole, or begin the suffix with a dot", source(part))
	default:
		if strings.Contains(text, "://") && last && !allOfScheme(text) || text != "" && strings.Trim(text, ":/.*") == "" {
			return unrelated, w
		}
		w.what = fmt.Sprintf("also accepts an Origin that has %s anywhere in it, on any host; parse the Origin and compare its host as a whole", source(part))
	}
	return weak, w
}

// ends returns the text of an expression if it is constant, and whether it
// begins with a character that ends what stands before it in a host, and ends
// with one that ends the host.
func (c *checker) ends(e ast.Expr) (text string, first, last bool) {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok && c.TypesInfo.Types[call.Fun].IsType() && len(call.Args) == 1 {
		return c.ends(call.Args[0])
	}
	if v := c.TypesInfo.Types[e].Value; v != nil && v.Kind() == constant.String {
		text = constant.StringVal(v)
		return text, strings.HasPrefix(text, ".") || strings.HasPrefix(text, "/") || strings.Contains(text, "://"),
			strings.HasSuffix(text, ":") || strings.HasSuffix(text, "/") || strings.HasSuffix(text, "]")
	}
	if sum, ok := e.(*ast.BinaryExpr); ok && sum.Op == token.ADD {
		_, first, _ = c.ends(sum.X)
		_, _, last = c.ends(sum.Y)
		if x, _, _ := c.ends(sum.X); strings.Contains(x, "://") {
			text = x + "host"
		}
	}
	return text, first, last
}

// allOfScheme reports whether a prefix is a scheme of the web alone, which
// every page has.
func allOfScheme(text string) bool {
	switch text {
	case "http:", "https:", "http:/", "https:/", "http://", "https://":
		return true
	}
	return false
}

// otherScheme reports whether a prefix has a scheme that no web site has.
func otherScheme(text string) bool {
	scheme, _, ok := strings.Cut(text, "://")
	return ok && scheme != "http" && scheme != "https"
}

// isHost reports whether e is the host of the request.
func (c *checker) isHost(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			obj := c.TypesInfo.Uses[sel.Sel]
			found = found || obj != nil && obj.Name() == "Host" && obj.Pkg() != nil && obj.Pkg().Path() == "net/http"
		}
		return true
	})
	return found
}

// match judges a match with a regular expression: a constant one has to be
// anchored at both ends.
func (c *checker) match(call *ast.CallExpr, fn *types.Func, known map[types.Object]header) (strength, weakness) {
	if len(call.Args) == 0 || c.from(call.Args[len(call.Args)-1], known) == 0 {
		return unrelated, weakness{}
	}
	pattern := call.Args[0]
	if fn.Signature().Recv() != nil {
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok {
			return strict, weakness{}
		}
		values := c.resolve(sel.X)
		compile, ok := ast.Unparen(values[0].expr).(*ast.CallExpr)
		if len(values) != 1 || !ok || len(compile.Args) != 1 {
			return strict, weakness{}
		}
		pattern = compile.Args[0]
	}
	v := c.TypesInfo.Types[pattern].Value
	if v == nil || v.Kind() != constant.String {
		return strict, weakness{}
	}
	text := constant.StringVal(v)
	begins := strings.HasPrefix(text, "^") || strings.HasPrefix(text, `\A`) || strings.HasPrefix(text, "(?i)^")
	ends := strings.HasSuffix(text, "$") || strings.HasSuffix(text, `\z`)
	if begins && ends {
		return strict, weakness{}
	}
	return weak, weakness{call, fmt.Sprintf("also accepts an Origin that merely has a match of %s in it; begin the pattern with ^ and end it with $", source(pattern)), rule.High}
}

// source writes a short expression as in the source.
func source(e ast.Expr) string {
	s := types.ExprString(e)
	if len(s) > 40 {
		s = s[:37] + "..."
	}
	return s
}
