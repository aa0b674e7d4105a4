package wsapi_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// literals returns the string literals of a package's source, less format
// verbs and what its tests have.
func literals(t *testing.T, path string) []string {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Mode: packages.NeedFiles}, path)
	if err != nil || len(pkgs) != 1 || len(pkgs[0].GoFiles) == 0 {
		t.Fatalf("load %s: %v, %v", path, pkgs, err)
	}
	var out []string
	for _, name := range pkgs[0].GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Clean(name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, _ := strconv.Unquote(lit.Value)
				out = append(out, text)
			}
			return true
		})
	}
	return out
}

func wording(text string) *wsapi.Wording {
	for _, w := range wsapi.Wordings() {
		if w.Text.MatchString(text) {
			return &w
		}
	}
	return nil
}

// The wordings cover what gorilla says of itself, and nothing that a target
// says.
func TestWordings(t *testing.T) {
	// Not to be met: its own mistakes, and what no caller can tell from text.
	silent := []string{"internal error", "invalid compression level"}
	for _, text := range literals(t, wsapi.GorillaPath) {
		if !strings.HasPrefix(text, "websocket: ") || strings.TrimSpace(text) == "websocket:" || strings.TrimSpace(text) == "websocket: close" {
			continue
		}
		if slices.ContainsFunc(silent, func(s string) bool { return strings.Contains(text, s) }) {
			continue
		}
		if w := wording(text); w == nil || !w.Own {
			t.Errorf("gorilla says %q, which no wording tells", text)
		}
	}
	for _, target := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
		for _, text := range literals(t, target.Path) {
			if w := wording(text); w != nil && w.Own {
				t.Errorf("%s says %q too, which %v takes for gorilla's", target.Path, text, w.Text)
			}
		}
	}
}

func TestWordingParts(t *testing.T) {
	for _, text := range []string{
		"websocket: close 1006 (abnormal closure): unexpected EOF", "close 1000", "websocket: RSV2 set, FIN not set on control",
		"websocket: bad opcode 3", "going away", "unexpected EOF", "websocket: close sent", "close sent", "websocket: bad handshake",
		"malformed ws or wss URL", "bad handshake", "websocket: the client is not using the websocket protocol: 'upgrade' token not found",
		"request origin not allowed by Upgrader.CheckOrigin", "Permessage: permessage-deflate; server_no_context_takeover; client_no_context_takeover",
		"read tcp 127.0.0.1:1: i/o timeout",
	} {
		w := wording(text)
		if w == nil {
			t.Errorf("no wording tells %q", text)
			continue
		}
		for _, w := range wsapi.Wordings() {
			if w.Text.MatchString(text) && !slices.ContainsFunc(w.Parts, func(p string) bool { return strings.Contains(text, p) }) {
				t.Errorf("%q matches %v and contains none of %q", text, w.Text, w.Parts)
			}
		}
	}
	for _, text := range []string{"use of closed network connection", "close 10", "closed 1000 files", "websocket: closed", "EOF", "websocket"} {
		if w := wording(text); w != nil {
			t.Errorf("%v takes %q for gorilla's", w.Text, text)
		}
	}
}
