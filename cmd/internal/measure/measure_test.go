package measure

import (
	"os"
	"path/filepath"
	"testing"
)

func TestModulePath(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go":         `package main; import ("fmt"; "example.org/old/tool/app"; "golang.org/x/net/app")`,
		"app/app.go":      `package app; import "example.org/old/tool/server/tls"`,
		"server/tls/x.go": "package tls",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for repo, want := range map[string]string{"new/tool": "example.org/old/tool", "new/other": "github.com/new/other"} {
		if got := modulePath(dir, repo); got != want {
			t.Errorf("modulePath of %s = %s, want %s", repo, got, want)
		}
	}
}
