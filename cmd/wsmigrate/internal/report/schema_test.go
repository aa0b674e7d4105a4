package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/schematest"
)

const docs = "../../../../docs"

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestJSONCompatible holds the promise of version 1: what was valid stays
// valid, and who knows an old schema can read what is written today. Each pair
// of files in testdata/json is a document and the schema of its time, for good.
func TestJSONCompatible(t *testing.T) {
	var b bytes.Buffer
	if err := sample(t.TempDir()).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	today := schematest.Compile(t, read(t, docs, "json.schema.json"))
	today.Check(t, b.Bytes())

	schemas, err := filepath.Glob("testdata/json/*.schema.json")
	if err != nil || len(schemas) == 0 {
		t.Fatalf("no older schemas: %v", err)
	}
	for _, name := range schemas {
		older := schematest.Compile(t, read(t, name))
		document := read(t, strings.TrimSuffix(name, ".schema.json")+".json")
		older.Check(t, document)
		today.Check(t, document)
		older.Check(t, b.Bytes())
	}
}

// TestJSONSchemaRefuses holds that the schema says something.
func TestJSONSchemaRefuses(t *testing.T) {
	schema := schematest.Compile(t, read(t, docs, "json.schema.json"))
	good := string(read(t, "testdata", "sample.json"))
	for old, bad := range map[string]string{
		`"version": 1`:          `"version": 2`,
		`"outcome": "shim"`:     `"outcome": "none"`,
		`"confidence": "high"`:  `"confidence": "sure"`,
		`"posn": "a.go:1:1",`:   ``,
		`"sites": 14`:           `"sites": "14"`,
		`"findings": 2`:         `"found": 2`,
		`"newText":`:            `"text":`,
		`"target": "nhooyr.io/`: `"target": "gorilla/`,
	} {
		document := strings.Replace(good, old, bad, 1)
		if document == good {
			t.Errorf("there is no %s", old)
		} else if schema.Err(t, []byte(document)) == nil {
			t.Errorf("the schema takes %s for %s", bad, old)
		}
	}
}

// TestJSONDescribed holds that the schema and the page know every field that is
// written, and no other.
func TestJSONDescribed(t *testing.T) {
	written := documentFields(t, read(t, "testdata", "sample.json"))
	described := schemaFields(t, read(t, docs, "json.schema.json"))
	for f := range written {
		if !described[f] {
			t.Errorf("json.schema.json does not describe %s", f)
		}
	}
	for f := range described {
		if !written[f] {
			t.Errorf("json.schema.json describes %s, which the sample has not", f)
		}
	}

	page := string(read(t, docs, "json.md"))
	_, example, _ := strings.Cut(page, "```json\n")
	example, _, ok := strings.Cut(example, "```")
	if !ok {
		t.Fatal("json.md has no example")
	}
	schematest.Compile(t, read(t, docs, "json.schema.json")).Check(t, []byte(example))
	shown := documentFields(t, []byte(example))
	for _, f := range slices.Sorted(maps.Keys(written)) {
		if !shown[f] {
			t.Errorf("the example in json.md does not show %s", f)
		}
	}
	mentioned := make(map[string]bool)
	for _, m := range regexp.MustCompile("`[^`]+`").FindAllString(page, -1) {
		for _, word := range regexp.MustCompile(`\w+`).FindAllString(m, -1) {
			mentioned[word] = true
		}
	}
	for f := range written {
		if word := f[strings.LastIndexByte(f, '.')+1:]; !mentioned[strings.TrimSuffix(word, "[]")] {
			t.Errorf("json.md does not speak of %s", f)
		}
	}
}

// documentFields returns the paths of the fields of a document, such as
// findings[].posn.
func documentFields(t *testing.T, data []byte) map[string]bool {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in\n%s", err, data)
	}
	fields := make(map[string]bool)
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				p := strings.TrimPrefix(path+"."+key, ".")
				fields[p] = true
				walk(p, value)
			}
		case []any:
			for _, value := range v {
				walk(path+"[]", value)
			}
		}
	}
	walk("", v)
	return fields
}

// schemaFields returns the paths that a schema describes.
func schemaFields(t *testing.T, data []byte) map[string]bool {
	t.Helper()
	type schema struct {
		Ref        string             `json:"$ref"`
		Defs       map[string]*schema `json:"$defs"`
		Properties map[string]*schema
		Items      *schema
	}
	var root schema
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]bool)
	var walk func(path string, s *schema)
	walk = func(path string, s *schema) {
		if s == nil {
			return
		}
		if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
			walk(path, root.Defs[name])
		}
		for key, value := range s.Properties {
			p := strings.TrimPrefix(path+"."+key, ".")
			fields[p] = true
			walk(p, value)
		}
		walk(path+"[]", s.Items)
	}
	walk("", &root)
	return fields
}
