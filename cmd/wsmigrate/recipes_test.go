package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/syntax"
	"go.yaml.in/yaml/v3"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

const recipes = "../../docs/recipes"

// parsers tell by the end of its name whether a recipe is what it should be.
var parsers = map[string]func(t *testing.T, name string, data []byte) error{
	".yml":   func(_ *testing.T, _ string, data []byte) error { return yaml.Unmarshal(data, new(map[string]any)) },
	".yaml":  func(_ *testing.T, _ string, data []byte) error { return yaml.Unmarshal(data, new(map[string]any)) },
	".json":  func(_ *testing.T, _ string, data []byte) error { return json.Unmarshal(data, new(map[string]any)) },
	".xml":   func(_ *testing.T, _ string, data []byte) error { return parseXML(data) },
	".el":    func(_ *testing.T, _ string, data []byte) error { return parseLisp(string(data)) },
	".vim":   parseVim,
	".BUILD": func(_ *testing.T, name string, data []byte) error { _, err := syntax.Parse(name, data, 0); return err },
}

// TestRecipes parses each recipe, and holds the command lines and the names in
// it against the tool.
func TestRecipes(t *testing.T) {
	index, err := os.ReadFile(filepath.Join(recipes, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(recipes)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if name == "README.md" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(recipes, name))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(index), "]("+name+")") {
				t.Error("README.md does not name it")
			}
			parse := parsers[filepath.Ext(name)]
			if parse == nil {
				t.Fatal("nothing parses it")
			}
			if err := parse(t, name, data); err != nil {
				t.Error(err)
			}
			for _, line := range commandLines(string(data)) {
				if err := accepted(line); err != nil {
					t.Errorf("%s: %v", line, err)
				}
			}
		})
	}
}

var commandLine = regexp.MustCompile(`wsmigrate(( [-\w./=,:]+)+)`)

// commandLines finds what a text has the tool run.
func commandLines(text string) []string {
	text = regexp.MustCompile(`(?m)^(#|;;|") .*$`).ReplaceAllString(text, "")
	text = strings.ReplaceAll(text, `\ `, " ") // of Vim
	var lines []string
	for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], " -") || strings.Contains(m[1], "./") {
			lines = append(lines, strings.TrimSpace(m[1]))
		}
	}
	return lines
}

// accepted says what is wrong with a command line.
func accepted(line string) error {
	_, err := parse(strings.Fields(line))
	return err
}

// What the recipes name is there.
func TestRecipeNames(t *testing.T) {
	read := func(name string) []byte {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(recipes, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var config struct {
		Linters struct {
			Settings struct {
				Custom map[string]struct {
					Settings struct {
						Confidence string
						Rules      []string
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal(read("golangci.yml"), &config); err != nil {
		t.Fatal(err)
	}
	ours := config.Linters.Settings.Custom["wsmigrate"].Settings
	if _, err := parseRules(strings.Join(ours.Rules, ",")); err != nil || len(ours.Rules) == 0 || ours.Confidence != "medium" {
		t.Errorf("golangci.yml: settings %+v: %v", ours, err)
	}

	var names []string
	for _, a := range analyzer.Suite {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	var deps []string
	for _, m := range regexp.MustCompile(`//analyzer/(\w+)"`).FindAllSubmatch(read("nogo.BUILD"), -1) {
		deps = append(deps, string(m[1]))
	}
	if !slices.Equal(deps, names) {
		t.Errorf("nogo.BUILD has %q, the rules are %q", deps, names)
	}
	var nogo map[string]struct {
		Flags map[string]string `json:"analyzer_flags"`
	}
	if err := json.Unmarshal(read("nogo.json"), &nogo); err != nil {
		t.Fatal(err)
	}
	for rule, c := range nogo {
		i := slices.IndexFunc(analyzer.Suite, func(a *analysis.Analyzer) bool { return a.Name == rule })
		if i < 0 {
			t.Errorf("nogo.json: there is no rule %s", rule)
			continue
		}
		for f := range c.Flags {
			if analyzer.Suite[i].Flags.Lookup(f) == nil {
				t.Errorf("nogo.json: %s has no flag %s", rule, f)
			}
		}
	}

	var tasks struct {
		Tasks []struct {
			Command        string
			Args           []string
			ProblemMatcher struct {
				Pattern struct{ Regexp string }
			}
		}
	}
	if err := json.Unmarshal(read("vscode-tasks.json"), &tasks); err != nil {
		t.Fatal(err)
	}
	task := tasks.Tasks[0]
	if err := accepted(strings.Join(task.Args, " ")); task.Command != "wsmigrate" || err != nil {
		t.Errorf("vscode-tasks.json: %s %q: %v", task.Command, task.Args, err)
	}
	const finding = "hub/hub.go:88:7: CheckOrigin accepts every Origin; see (x) (wsorigin/always, high)"
	m := regexp.MustCompile(task.ProblemMatcher.Pattern.Regexp).FindStringSubmatch(finding)
	if want := []string{finding, "hub/hub.go", "88", "7", "CheckOrigin accepts every Origin; see (x)", "wsorigin/always"}; !slices.Equal(m, want) {
		t.Errorf("vscode-tasks.json: the pattern finds %q in %s", m, finding)
	}
}

func parseXML(data []byte) error {
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// parseLisp reads expressions: lists, strings, comments and words.
func parseLisp(src string) error {
	depth := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return fmt.Errorf("offset %d: a parenthesis too many", i)
			}
		case ';':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case '"':
			for i++; i < len(src) && src[i] != '"'; i++ {
				if src[i] == '\\' {
					i++
				}
			}
			if i >= len(src) {
				return errors.New("a string without an end")
			}
		}
	}
	if depth > 0 {
		return fmt.Errorf("%d parentheses are open at the end", depth)
	}
	return nil
}

// parseVim looks at the commands of a compiler script and, where there is a
// Vim, has it read the tool's output.
func parseVim(t *testing.T, name string, data []byte) error {
	known := regexp.MustCompile(`^(".*|if .*|\s+finish|endif|let \w+ = '\w+'|CompilerSet (makeprg|errorformat)=(\\ |\S)+)$`)
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimRight(line, "\n"); !known.MatchString(line) {
			return fmt.Errorf("no command of a compiler script: %s", line)
		}
	}
	vim, err := exec.LookPath("vim")
	if err != nil {
		t.Logf("not tried: %v", err)
		return nil
	}
	dir := t.TempDir()
	script := filepath.Join(dir, name)
	if err := os.WriteFile(script, data, 0o666); err != nil {
		return err
	}
	out, list := filepath.Join(dir, "out"), filepath.Join(dir, "list")
	if err := os.WriteFile(out, []byte("a.go:8:7: a message (wsorigin/always, high)\n      8 | \tx\n        | \t^\n"), 0o666); err != nil {
		return err
	}
	cmd := exec.Command(vim, "-es", "-u", "NONE", "-c", "command -nargs=* CompilerSet set <args>", "-c", "source "+script, "-c", "cgetfile "+out,
		"-c", "call writefile(map(getqflist(), 'bufname(v:val.bufnr).\" \".v:val.lnum.\" \".v:val.col.\" \".v:val.text'), '"+list+"')", "-c", "qa!")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("vim: %w\n%s", err, msg)
	}
	got, err := os.ReadFile(list)
	if errors.Is(err, os.ErrNotExist) {
		t.Log("not tried: this Vim has no expressions")
		return nil
	}
	if want := "a.go 8 7 a message (wsorigin/always, high)\n"; err != nil || string(got) != want {
		return fmt.Errorf("the quickfix list has %q (%v), want %q", got, err, want)
	}
	return nil
}
