// Package schematest validates documents against JSON schemas in tests.
package schematest

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema of SARIF 2.1.0, errata 01, as OASIS publishes it. The standard's
// own place is not asked: this module has a copy, which the sum holds to the
// letter.
const (
	sarifModule = "github.com/securego/gosec/v2@v2.30.0"
	sarifFile   = "report/sarif/testdata/sarif-schema-2.1.0.json"
	sarifSum    = "c3b4bb2d6093897483348925aaa73af03b3e3f4bd4ca38cef26dcb4212a2682e"
)

// A Schema is a compiled schema.
type Schema struct{ schema *jsonschema.Schema }

// SARIF returns the schema of SARIF 2.1.0. The first run on a machine takes it
// from the module proxy, later ones from the module cache.
func SARIF(t *testing.T) *Schema {
	t.Helper()
	cmd := exec.Command("go", "mod", "download", "-json", sarifModule)
	cmd.Dir = t.TempDir() // outside of every module: no go.mod is to be changed
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	var mod struct{ Dir, Error string }
	if jerr := json.Unmarshal(out, &mod); err != nil || jerr != nil || mod.Dir == "" {
		t.Fatalf("get the schema of SARIF out of %s: %v %s", sarifModule, err, mod.Error)
	}
	data, err := os.ReadFile(filepath.Join(mod.Dir, filepath.FromSlash(sarifFile)))
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(data)); sum != sarifSum {
		t.Fatalf("%s of %s has the sum %s, want %s", sarifFile, sarifModule, sum, sarifSum)
	}
	return Compile(t, data)
}

// Compile compiles a schema. Formats such as uri are asserted.
func Compile(t *testing.T, schema []byte) *Schema {
	t.Helper()
	const name = "schema.json"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, parse(t, schema)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return &Schema{s}
}

// Check fails the test unless the document is valid.
func (s *Schema) Check(t *testing.T, document []byte) {
	t.Helper()
	if err := s.Err(t, document); err != nil {
		t.Errorf("%v\nin\n%s", err, document)
	}
}

// Err returns what is wrong with a document.
func (s *Schema) Err(t *testing.T, document []byte) error {
	t.Helper()
	return s.schema.Validate(parse(t, document))
}

func parse(t *testing.T, data []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	return v
}
