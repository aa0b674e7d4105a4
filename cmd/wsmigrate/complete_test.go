package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestCompletions(t *testing.T) {
	tests := []struct {
		line string // the last word is the one that is being written
		want string // words in order; with a + in front, some among others
	}{
		{"li", "lint :folders"},
		{"", "+lint +completion +./... +:folders"},
		{"-fo", "-force -format"},
		{"lint -base", "-baseline"},
		{"fix -base", ""},
		{"fix -to ", "nhooyr coder"},
		{"fix -to c", "coder"},
		{"fix -to=c", "-to=coder"},
		{"fix -to = c", "coder"},
		{"fix -to =", "nhooyr coder"},
		{"--color a", "auto always"},
		{"-C x fi", "fix :folders"},
		{"-C fix fi", "fix :folders"},
		{"-w fix -te", "-test"},
		{"-C ", ":folders"},
		{"-o=x", ":files"},
		{"lint -baseline ", ":files"},
		{"lint -rules wsc", "+wsconcurrent +wsclose"},
		{"explain Conn.WriteM", "Conn.WriteMessage :files"},
		{"explain heartb", "heartbeat :files"},
		{"table Upgrader.Ch", "Upgrader.CheckOrigin"},
		{"help sh", "shim"},
		{"completion ", "bash zsh fish"},
		{"./... ", "./... :folders"},
		{"undo ", ""},
		{"fix -nosuch=", ""},
	}
	for _, tt := range tests {
		var got []string
		for _, s := range completions(strings.Split(tt.line, " ")) {
			got = append(got, s.word)
		}
		for _, w := range strings.Fields(tt.want) {
			if some, ok := strings.CutPrefix(w, "+"); ok && !slices.Contains(got, some) {
				t.Errorf("%q: %q lacks %s", tt.line, got, some)
			}
		}
		if !strings.Contains(tt.want, "+") && strings.Join(got, " ") != tt.want {
			t.Errorf("%q: %q, want %q", tt.line, got, tt.want)
		}
	}
}

// Each shell completes with its script.
func TestCompletionScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("these shells run elsewhere")
	}
	dir := t.TempDir()
	exe, err := os.Executable() // which is the command too
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "wsmigrate")); err != nil {
		t.Fatal(err)
	}
	work := filepath.Join(dir, "work")
	if err := os.MkdirAll(filepath.Join(work, "a folder"), 0o777); err != nil {
		t.Fatal(err)
	}
	ask := map[string]string{
		"bash": `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _wsmigrate; printf '%s\n' "${COMPREPLY[@]}"`,
		"zsh": `compdef() { :; }; _describe() { print -rl -- "${(@)found%%:*}"; }; _files() { print -r -- 'a folder'; }
source "$1"; shift; words=("$@"); CURRENT=$#; _wsmigrate || true`,
		"fish": `source $argv[1]; complete -C (string join -- ' ' $argv[2..-1])`,
	}
	for _, shell := range shells {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no such shell here: %v", err)
			}
			script, err := completionScripts.ReadFile("completion/wsmigrate." + shell)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(dir, "script."+shell)
			if err := os.WriteFile(name, script, 0o666); err != nil {
				t.Fatal(err)
			}
			run := func(line ...string) []string {
				t.Helper()
				args := []string{"-c", ask[shell]}
				if shell != "fish" {
					args = append(args, shell)
				}
				cmd := exec.Command(path, append(append(args, name, "wsmigrate"), line...)...)
				cmd.Dir = work
				cmd.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir)
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				var words []string
				for line := range strings.Lines(string(out)) {
					word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
					words = append(words, word)
				}
				return words
			}
			for _, tt := range []struct {
				line []string
				want string
			}{
				{[]string{"fix", "-fall"}, "-fallback"},
				{[]string{"fix", "-fallback", "l"}, "leave"},
				{[]string{"vers"}, "version"},
				{[]string{"-C", ""}, "a folder"},
			} {
				got := run(tt.line...)
				if !slices.ContainsFunc(got, func(w string) bool {
					return strings.TrimSuffix(strings.ReplaceAll(w, `\`, ""), "/") == tt.want
				}) {
					t.Errorf("%q: %q, want %s among them", tt.line, got, tt.want)
				}
			}
		})
	}
}
