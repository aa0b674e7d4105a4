package ruletest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/template"
)

// cases returns a folder that holds src of a rule's testdata, and in
// src/shapes/LIBRARY/SHAPE, for each library, what the templates in
// shapes/SHAPE say in that one.
func cases(t testing.TB, testdata string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "src"), os.DirFS(filepath.Join(testdata, "src"))); err != nil {
		t.Fatal(err)
	}
	shapes := os.DirFS(filepath.Join(testdata, "shapes"))
	err := fs.WalkDir(shapes, ".", func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "." {
			return fs.SkipAll // the rule has none
		}
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(shapes, name)
		if err != nil {
			return err
		}
		for _, d := range dialects {
			said, err := d.say(string(text))
			if errors.Is(err, errOther) {
				continue
			}
			if err != nil {
				return fmt.Errorf("%s for %s: %w", name, d.library, err)
			}
			write(t, filepath.Join(dir, "src", "shapes", d.library, filepath.FromSlash(strings.TrimSuffix(name, ".tmpl"))), said)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// errOther says that a template is about other libraries.
var errOther = errors.New("the template is about other libraries")

// phrases are the names that templates use.
var phrases = []string{
	"conn", "dial", "write", "send", "ping", "reading", "receive", "drop", "open", "message", "finish", "close", "alive", "forever", "timely", "limit",
}

// say puts a template into the words of a library. Besides the phrases there
// are imports; only, with the libraries that the template is about; handler,
// with what is found about its connection, if anything; want and fact, comments
// for the test; bug, a write that is found in libraries which allow one writer,
// and race for the comment of another such line.
func (d dialect) say(text string) (string, error) {
	type handler struct{ name, comment string }
	var handlers []handler
	phrase := func(name string) func(...any) (string, error) {
		return func(args ...any) (string, error) {
			format, ok := d.phrases[name]
			if !ok {
				return "", fmt.Errorf("no phrase %s", name)
			}
			return fmt.Sprintf(format, args...), nil
		}
	}
	want := func(message string) string { return "// want `" + message + "`" }
	race := func() string {
		if d.free {
			return ""
		}
		return want("concurrent writes to one connection")
	}
	funcs := template.FuncMap{
		"imports": func(paths ...string) string {
			var b strings.Builder
			for _, p := range slices.Concat(paths, d.imports) {
				fmt.Fprintf(&b, "import %q\n", strings.ReplaceAll(p, "LIBRARY", d.library))
			}
			return b.String()
		},
		"only": func(libraries ...string) (string, error) {
			if !slices.Contains(libraries, d.library) {
				return "", errOther
			}
			return "", nil
		},
		"handler": func(name string, message ...string) (string, error) {
			h := handler{name: name}
			for _, m := range message {
				h.comment = " " + want(m)
			}
			handlers = append(handlers, h)
			s, err := phrase("handler")(name)
			return strings.Replace(s, "§", h.comment, 1), err
		},
		"want": want,
		"race": race,
		"bug": func(conn string) (string, error) {
			s, err := phrase("write")(conn)
			return s + " " + race(), err
		},
		"fact": func(name, fact string) string {
			if d.free && strings.Contains(fact, "writes") {
				return ""
			}
			return fmt.Sprintf("// want %s:%q", name, fact)
		},
	}
	for _, name := range phrases {
		funcs[name] = phrase(name)
	}
	tmpl, err := template.New("").Funcs(funcs).Parse(text)
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, nil); err != nil {
		return "", err
	}
	for _, h := range handlers {
		s := fmt.Sprintf(d.phrases["register"], h.name)
		fmt.Fprintf(&out, "\nfunc init() {\n\t%s\n}\n", strings.Replace(s, "§", h.comment, 1))
	}
	return d.drop(out.String()), nil
}

// drop removes the library's imports that a file does not use.
func (d dialect) drop(file string) string {
	for _, p := range d.imports {
		name := p[strings.LastIndexByte(p, '/')+1:]
		line := fmt.Sprintf("import %q\n", p)
		if rest := strings.ReplaceAll(file, line, ""); !strings.Contains(rest, name+".") {
			file = rest
		}
	}
	return file
}
