package gomod

import (
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

func TestApply(t *testing.T) {
	v := func(path, version string) []module.Version {
		return []module.Version{{Path: path, Version: version}}
	}
	for _, test := range []struct {
		name string
		in   string
		edit Edit
		want string
	}{
		{"nothing", "module   m\n", Edit{}, "module   m\n"},
		{"no effect keeps the format", "module   m\ngo 1.20\nrequire  a.b/c  v1.2.0\n", Edit{Require: v("a.b/c", "v1.1.0"), Drop: []string{"x.y/z"}, Go: "1.19"},
			"module   m\ngo 1.20\nrequire  a.b/c  v1.2.0\n"},
		{"never lowered", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0 // indirect\n", Edit{Require: v("a.b/c", "v1.1.0")},
			"module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n"},
		{"raised", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n", Edit{Require: v("a.b/c", "v1.10.0")},
			"module m\n\ngo 1.20\n\nrequire a.b/c v1.10.0\n"},
		{"listed twice", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n\nrequire a.b/c v1.9.0 // indirect\n", Edit{Require: v("a.b/c", "v1.1.0")},
			"module m\n\ngo 1.20\n\nrequire a.b/c v1.9.0\n"},
		{"indirect raised", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n", Edit{Indirect: v("a.b/c", "v1.3.0")},
			"module m\n\ngo 1.20\n\nrequire a.b/c v1.3.0 // indirect\n"},
		{"indirect not listed before go 1.17", "module m\n\ngo 1.16\n", Edit{Indirect: v("a.b/c", "v1.3.0")}, "module m\n\ngo 1.16\n"},
		{"indirect listed without go line", "module m\n", Edit{Indirect: v("a.b/c", "v1.3.0")}, "module m\n\nrequire a.b/c v1.3.0 // indirect\n"},
		{"indirect listed by the new go line", "module m\n\ngo 1.16\n", Edit{Indirect: v("a.b/c", "v1.3.0"), Go: "1.23"},
			"module m\n\ngo 1.23\n\nrequire a.b/c v1.3.0 // indirect\n"},
		{"kept before go 1.17", "module m\n\ngo 1.16\n\nrequire a.b/c v1.2.0\n", Edit{Keep: v("d.e/f", "v1.3.0"), Drop: []string{"a.b/c"}},
			"module m\n\ngo 1.16\n\nrequire d.e/f v1.3.0 // indirect\n"},
		{"kept raises", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n", Edit{Keep: v("a.b/c", "v1.3.0")},
			"module m\n\ngo 1.20\n\nrequire a.b/c v1.3.0\n"},
		{"marked", "module m\n\ngo 1.20\n\nrequire (\n\ta.b/c v1.2.0\n\td.e/f v1.0.0\n)\n", Edit{MarkIndirect: []string{"a.b/c", "x.y/z"}},
			"module m\n\ngo 1.20\n\nrequire d.e/f v1.0.0\n\nrequire a.b/c v1.2.0 // indirect\n"},
		{"no go line", "module m\n\nrequire a.b/c v1.2.0\n", Edit{Require: v("d.e/f", "v1.0.0"), Drop: []string{"a.b/c"}},
			"module m\n\nrequire d.e/f v1.0.0\n"},
		{"go line where there was none", "module m\n\nrequire a.b/c v1.2.0\n", Edit{Go: "1.23"},
			"module m\n\ngo 1.23\n\nrequire a.b/c v1.2.0\n"},
		{"CRLF", "module m\r\n\r\ngo 1.20\r\n\r\n// why\r\nrequire a.b/c v1.2.0 // so\r\n", Edit{Require: v("d.e/f", "v1.0.0")},
			"module m\r\n\r\ngo 1.20\r\n\r\n// why\r\nrequire a.b/c v1.2.0 // so\r\n\r\nrequire d.e/f v1.0.0\r\n"},
		{"no final newline", "module m\n\ngo 1.20", Edit{Require: v("d.e/f", "v1.0.0")}, "module m\n\ngo 1.20\n\nrequire d.e/f v1.0.0\n"},
		{"replacement changed", "module m\n\ngo 1.20\n\nreplace a.b/c => ../old\n", Edit{Replace: []Replacement{{"a.b/c", "../new"}}},
			"module m\n\ngo 1.20\n\nreplace a.b/c => ../new\n"},
		{"absolute replacement", "module m\n\ngo 1.20\n", Edit{Replace: []Replacement{{"a.b/c", "/a b/c"}}},
			"module m\n\ngo 1.20\n\nreplace a.b/c => \"/a b/c\"\n"},
		{"replacement by a module stays", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n\nreplace a.b/c => x.y/z v1.0.0\n", Edit{Drop: []string{"a.b/c"}},
			"module m\n\ngo 1.20\n\nreplace a.b/c => x.y/z v1.0.0\n"},
		{"versioned replacement by a folder goes", "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n\nreplace a.b/c v1.2.0 => ./c\n", Edit{Drop: []string{"a.b/c"}},
			"module m\n\ngo 1.20\n"},
		{"other directives", "module m\n\ngo 1.24\n\ngodebug default=go1.21\n\ntool d.e/f/cmd\n\nrequire (\n\ta.b/c v1.2.0\n\td.e/f v1.0.0\n)\n", Edit{Drop: []string{"a.b/c"}},
			"module m\n\ngo 1.24\n\ngodebug default=go1.21\n\ntool d.e/f/cmd\n\nrequire d.e/f v1.0.0\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Apply([]byte(test.in), test.edit)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.want {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
			if again, err := Apply(got, test.edit); err != nil || string(again) != string(got) {
				t.Errorf("a second time\n%q\n%v", again, err)
			}
		})
	}
}

func TestApplyErrors(t *testing.T) {
	need := []module.Version{{Path: "a.b/c", Version: "v1.2.0"}}
	for _, test := range []struct {
		in   string
		edit Edit
		want string
	}{
		{"modul m\n", Edit{Require: need}, "unknown directive"},
		{"module m\n\nexclude a.b/c v1.2.0\n", Edit{Require: need}, "excludes a.b/c@v1.2.0"},
		{"module m\n", Edit{Replace: []Replacement{{"a.b/c", "folder"}}}, "no path of a folder"},
		{"module m\n", Edit{Go: "one"}, "one"},
	} {
		if _, err := Apply([]byte(test.in), test.edit); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: got %v, want %q", test.edit, err, test.want)
		}
	}
}

func TestEmpty(t *testing.T) {
	if !(Edit{}).Empty() {
		t.Error("the zero edit is not empty")
	}
	for _, e := range []Edit{
		{Require: []module.Version{nhooyr}}, {Indirect: []module.Version{nhooyr}}, {MarkIndirect: []string{"a"}},
		{Keep: []module.Version{{Path: "a", Version: "v1.0.0"}}}, {Drop: []string{"a"}}, {Replace: []Replacement{toCompat}}, {Go: "1.20"},
	} {
		if e.Empty() {
			t.Errorf("%+v is empty", e)
		}
	}
}

func TestGoLine(t *testing.T) {
	for in, want := range map[string]string{
		"module m\n\ngo 1.20\n":                      "1.20",
		"module m\r\ngo 1.21.3\r\n":                  "1.21.3",
		"module m\n":                                 "",
		"module m\n\ngo 1.23rc1\n\nunknown x\n":      "1.23rc1",
		"module m\n// go 1.20\n\ntoolchain go1.22.0": "",
		"module\n": "",
	} {
		if got := GoLine([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCompare(t *testing.T) {
	ordered := []string{"", "1.9", "1.16", "1.20", "1.21rc2", "1.21.0", "1.21.3", "1.22", "1.22.1"}
	for i, a := range ordered {
		for j, b := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%q, %q) = %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestReplaced(t *testing.T) {
	const require = "module m\n\ngo 1.20\n\nrequire a.b/c v1.2.0\n\n"
	for _, test := range []struct {
		in, want string
		ok       bool
	}{
		{require, "", false},
		{require + "replace a.b/c => ../c\n", "../c", true},
		{require + "replace a.b/c => x.y/fork v1.0.0\n", "x.y/fork@v1.0.0", true},
		{require + "replace a.b/c v1.2.0 => ../c\n", "../c", true},
		{require + "replace a.b/c v1.1.0 => ../c\n", "", false},
		{require + "replace (\n\ta.b/c v1.2.0 => ../mine\n\ta.b/c => ../all\n)\n", "../mine", true},
		{require + "replace (\n\ta.b/c => ../all\n\ta.b/c v1.2.0 => ../mine\n)\n", "../mine", true},
		{require + "replace a.b/d => ../c\n", "", false},
		{"module m\n\nreplace a.b/c => ../c\n", "../c", true},
		{"nonsense", "", false},
	} {
		if got, ok := Replaced([]byte(test.in), "a.b/c"); got != test.want || ok != test.ok {
			t.Errorf("%q: got %q, %v, want %q, %v", test.in, got, ok, test.want, test.ok)
		}
	}
}
