package imports

import (
	"bytes"
	"go/parser"
	"go/token"
	"testing"
)

// FuzzTidy adds an import to any file that parses: the result parses, holds
// the import if it is used, and does not change a second time.
func FuzzTidy(f *testing.F) {
	for _, s := range []string{
		"package p\n",
		"package p\n\nimport \"os\"\n\nvar _ = os.Args\n",
		"package p\n\nimport (\n\t\"os\" // o\n\n\tx \"a.b/c\"\n)\n\nvar _ = os.Args\nvar _ = context.TODO\n",
		"package p; import \"C\"; import . \"a.b/c\"; import (\"os\"; \"io\"); var _ = io.EOF",
		"package p\r\n\r\nimport (\r\n)\r\n\r\nvar _ = context.TODO\r\n",
		"package p /* a */ // b\n/* c */ import /* d */ \"os\" /* e */ // f\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		parse := func(b []byte) error {
			_, err := parser.ParseFile(token.NewFileSet(), "", b, parser.ParseComments)
			return err
		}
		if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) || parse(src) != nil {
			return
		}
		add := []Spec{{"context", "context", "context"}}
		once, err := Tidy(bytes.Clone(src), add, nil)
		if err != nil {
			t.Fatalf("%v\n%q", err, src)
		}
		if err := parse(once); err != nil {
			t.Fatalf("%v\nbefore %q\nafter  %q", err, src, once)
		}
		used := bytes.Contains(once, []byte(`"context"`))
		if !used {
			add = nil // removed again, since nothing names it
		}
		twice, err := Tidy(bytes.Clone(once), add, nil)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%v\nonce  %q\ntwice %q", err, once, twice)
		}
	})
}
