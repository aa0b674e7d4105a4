package gomod

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

const (
	gorilla = "github.com/gorilla/websocket"
	compat  = "github.com/wsmigrate/wsmigrate/compat"
)

var (
	nhooyr    = module.Version{Path: "nhooyr.io/websocket", Version: "v1.8.17"}
	coder     = module.Version{Path: "github.com/coder/websocket", Version: "v1.8.15"}
	shim      = module.Version{Path: compat, Version: "v0.0.0"}
	shimCoder = module.Version{Path: compat + "/coder", Version: "v0.0.0"}

	toCompat      = Replacement{compat, "./compat"}
	toCompatCoder = Replacement{compat + "/coder", "./compat/coder"}
)

// stub is what compat looks like to the go command.
var stub = map[string]string{
	"compat/go.mod":                 "module " + compat + "\n\ngo 1.20\n\nrequire nhooyr.io/websocket v1.8.17\n",
	"compat/websocket/websocket.go": "package websocket\n\nimport _ \"nhooyr.io/websocket\"\n",
	"compat/coder/go.mod": "module " + compat + "/coder\n\ngo 1.23\n\nrequire (\n\tgithub.com/coder/websocket v1.8.15\n\t" + compat +
		" v0.0.0\n)\n\nrequire nhooyr.io/websocket v1.8.17 // indirect\n\nreplace " + compat + " => ../\n",
	"compat/coder/coder.go": "package coder\n\nimport (\n\t_ \"github.com/coder/websocket\"\n\t_ \"" + compat + "/websocket\"\n)\n",
}

// TestTidy compares with the go command: a module that imports other packages
// than before, with the go.mod and go.sum made here, has nothing to tidy.
func TestTidy(t *testing.T) {
	const (
		ws    = "github.com/gobwas/ws"
		pool  = "github.com/valyala/bytebufferpool"
		color = "github.com/mitchellh/colorstring"
		uni   = "github.com/rivo/uniseg"
	)
	swap := Edit{Require: []module.Version{nhooyr}, Drop: []string{gorilla}}
	swapCoder := Edit{Require: []module.Version{coder}, Drop: []string{gorilla}}
	toShim := Edit{
		Require: []module.Version{shim}, Indirect: []module.Version{nhooyr},
		Drop: []string{gorilla}, Replace: []Replacement{toCompat},
	}
	for _, test := range []struct {
		name          string
		gomod         string
		before, after []string // imports
		edit          Edit
		sums          []module.Version
	}{
		{
			name:   "single line",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{nhooyr.Path},
			edit: swap, sums: []module.Version{nhooyr},
		},
		{
			name:   "single line to coder",
			gomod:  "module m\n\ngo 1.24\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{coder.Path},
			edit: swapCoder, sums: []module.Version{coder},
		},
		{
			name:   "go line raised for coder",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{coder.Path},
			edit: Edit{Require: []module.Version{coder}, Drop: []string{gorilla}, Go: "1.23"}, sums: []module.Version{coder},
		},
		{
			name:   "toolchain overtaken",
			gomod:  "module m\n\ngo 1.21\n\ntoolchain go1.22.3\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{coder.Path},
			edit: Edit{Require: []module.Version{coder}, Drop: []string{gorilla}, Go: "1.23"}, sums: []module.Version{coder},
		},
		{
			name:   "toolchain kept",
			gomod:  "module m\n\ngo 1.21\n\ntoolchain go1.24.1\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{coder.Path},
			edit: Edit{Require: []module.Version{coder}, Drop: []string{gorilla}, Go: "1.23"}, sums: []module.Version{coder},
		},
		{
			name: "blocks",
			gomod: "module m\n\ngo 1.18\n\nrequire (\n\tgithub.com/gobwas/ws v1.4.0\n\tgithub.com/gorilla/websocket v1.5.3 // the old one\n\tgithub.com/valyala/bytebufferpool v1.0.0\n)\n\n" +
				"require (\n\tgithub.com/gobwas/httphead v0.1.0 // indirect\n\tgithub.com/gobwas/pool v0.2.1 // indirect\n)\n",
			before: []string{gorilla, ws, pool}, after: []string{nhooyr.Path, ws, pool},
			edit: swap, sums: []module.Version{nhooyr},
		},
		{
			name: "blocks to the shim",
			gomod: "module m\n\ngo 1.18\n\nrequire (\n\tgithub.com/gobwas/ws v1.4.0\n\tgithub.com/gorilla/websocket v1.5.3\n)\n\n" +
				"require (\n\tgithub.com/gobwas/httphead v0.1.0 // indirect\n\tgithub.com/gobwas/pool v0.2.1 // indirect\n)\n",
			before: []string{gorilla, ws}, after: []string{compat + "/websocket", ws},
			edit: toShim, sums: []module.Version{nhooyr},
		},
		{
			name:   "comments",
			gomod:  "// The module's comment.\nmodule m // so\n\ngo 1.19\n\n// What we need.\nrequire (\n\tgithub.com/gorilla/websocket v1.5.3\n\n\t// For buffers.\n\tgithub.com/valyala/bytebufferpool v1.0.0 // pinned\n)\n\nexclude github.com/valyala/bytebufferpool v0.9.0\n\n// Bad.\nretract v1.0.0\n",
			before: []string{gorilla, pool}, after: []string{nhooyr.Path, pool},
			edit: swap, sums: []module.Version{nhooyr},
		},
		{
			name:   "to the shim",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{compat + "/websocket"},
			edit: toShim, sums: []module.Version{nhooyr},
		},
		{
			name:   "to the shim before go 1.17",
			gomod:  "module m\n\ngo 1.16\n\nrequire (\n\tgithub.com/gorilla/websocket v1.5.3\n\tgithub.com/valyala/bytebufferpool v1.0.0\n)\n",
			before: []string{gorilla, pool}, after: []string{compat + "/websocket", pool},
			edit: toShim, sums: []module.Version{nhooyr},
		},
		{
			name:   "to the shim on coder",
			gomod:  "module m\n\ngo 1.23\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: []string{compat + "/websocket", compat + "/coder"},
			edit: Edit{
				Require: []module.Version{shim, shimCoder}, Indirect: []module.Version{nhooyr, coder},
				Drop: []string{gorilla}, Replace: []Replacement{toCompat, toCompatCoder},
			},
			sums: []module.Version{nhooyr, coder},
		},
		{
			name:   "off the shim",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/wsmigrate/wsmigrate/compat v0.0.0\n\nrequire nhooyr.io/websocket v1.8.17 // indirect\n\nreplace github.com/wsmigrate/wsmigrate/compat => ./compat\n",
			before: []string{compat + "/websocket"}, after: []string{nhooyr.Path},
			edit: Edit{Require: []module.Version{nhooyr}, Drop: []string{compat}}, sums: []module.Version{nhooyr},
		},
		{
			name: "off the shim among others",
			gomod: "module m\n\ngo 1.20\n\nrequire (\n\tgithub.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db\n\tgithub.com/wsmigrate/wsmigrate/compat v0.0.0\n)\n\n" +
				"require nhooyr.io/websocket v1.8.17 // indirect\n\nreplace (\n\tgithub.com/mitchellh/colorstring => github.com/mitchellh/colorstring v0.0.0-20190213212951-d06e56a500db\n\tgithub.com/wsmigrate/wsmigrate/compat => ./compat\n)\n",
			before: []string{compat + "/websocket", color}, after: []string{nhooyr.Path, color},
			edit: Edit{Require: []module.Version{nhooyr}, Drop: []string{compat}}, sums: []module.Version{nhooyr},
		},
		{
			name:   "part on the shim",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/wsmigrate/wsmigrate/compat v0.0.0\n\nrequire nhooyr.io/websocket v1.8.17 // indirect\n\nreplace github.com/wsmigrate/wsmigrate/compat => ./compat\n",
			before: []string{compat + "/websocket"}, after: []string{compat + "/websocket", nhooyr.Path},
			edit: Edit{Require: []module.Version{nhooyr}}, sums: []module.Version{nhooyr},
		},
		{
			name:   "indirect again",
			gomod:  "module m\n\ngo 1.20\n\nrequire (\n\tgithub.com/wsmigrate/wsmigrate/compat v0.0.0\n\tnhooyr.io/websocket v1.8.17\n)\n\nreplace github.com/wsmigrate/wsmigrate/compat => ./compat\n",
			before: []string{compat + "/websocket", nhooyr.Path}, after: []string{compat + "/websocket"},
			edit: Edit{MarkIndirect: []string{nhooyr.Path}},
		},
		{
			name:   "two direct blocks",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/gorilla/websocket v1.5.3\n\nrequire github.com/rivo/uniseg v0.4.7\n",
			before: []string{gorilla, uni}, after: []string{nhooyr.Path, uni},
			edit: swap, sums: []module.Version{nhooyr},
		},
		{
			name:   "nothing required before",
			gomod:  "module m\n\ngo 1.20\n",
			before: nil, after: []string{nhooyr.Path},
			edit: Edit{Require: []module.Version{nhooyr}}, sums: []module.Version{nhooyr},
		},
		{
			name:   "nothing required after",
			gomod:  "module m\n\ngo 1.20\n\nrequire github.com/gorilla/websocket v1.5.3\n",
			before: []string{gorilla}, after: nil,
			edit: Edit{Drop: []string{gorilla}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range stub {
				write(t, dir, name, text)
			}
			write(t, dir, "go.mod", test.gomod)
			sources(t, dir, test.before)
			tidy(t, dir)
			if got := read(t, dir, "go.mod"); got != test.gomod {
				t.Fatalf("the module was not tidy before:\n%s", got)
			}

			gomod, err := Apply([]byte(test.gomod), test.edit)
			if err != nil {
				t.Fatal(err)
			}
			gosum := DropSums([]byte(read(t, dir, "go.sum")), test.edit.Drop...)
			gosum, missing := AddSums(gosum, test.sums...)
			if missing != nil {
				t.Errorf("missing %v", missing)
			}
			write(t, dir, "go.mod", string(gomod))
			write(t, dir, "go.sum", string(gosum))
			sources(t, dir, test.after)
			tidy(t, dir)
			if tidied := read(t, dir, "go.mod"); tidied != string(gomod) {
				t.Errorf("go.mod is\n%s\nand tidied\n%s", gomod, tidied)
			}
			if tidied := read(t, dir, "go.sum"); tidied != string(gosum) {
				t.Errorf("go.sum is\n%s\nand tidied\n%s", gosum, tidied)
			}

			again, err := Apply(gomod, test.edit)
			if err != nil || string(again) != string(gomod) {
				t.Errorf("a second edit leaves\n%s\n%v", again, err)
			}
		})
	}
}

func tidy(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command("go", "mod", "tidy")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go mod tidy: %v\n%s", err, out)
	}
}

func sources(t *testing.T, dir string, imports []string) {
	t.Helper()
	var b strings.Builder
	b.WriteString("package main\n\n")
	for _, path := range imports {
		fmt.Fprintf(&b, "import _ %q\n", path)
	}
	b.WriteString("\nfunc main() {}\n")
	write(t, dir, "main.go", b.String())
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's text, "" if it is absent.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(b)
}
