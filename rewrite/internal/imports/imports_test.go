package imports

import (
	"go/format"
	"strings"
	"testing"
)

func TestTidy(t *testing.T) {
	ctx := Spec{"context", "context", "context"}
	tests := []struct {
		name, src string
		add       []Spec
		want      string
	}{
		{"into the standard group, in order",
			"package p\n\nimport (\n\t\"bytes\"\n\t\"time\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + time.B + x.C + context.D\n", []Spec{ctx},
			"package p\n\nimport (\n\t\"bytes\"\n\t\"context\"\n\t\"time\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + time.B + x.C + context.D\n"},
		{"behind the last of the group",
			"package p\n\nimport (\n\t\"bytes\" // b\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C + context.D\n", []Spec{ctx},
			"package p\n\nimport (\n\t\"bytes\" // b\n\t\"context\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C + context.D\n"},
		{"a group of its own",
			"package p\n\nimport (\n\t\"example.com/x\"\n)\n\nvar _ = x.C + context.D\n", []Spec{ctx},
			"package p\n\nimport (\n\t\"context\"\n\n\t\"example.com/x\"\n)\n\nvar _ = x.C + context.D\n"},
		{"single import becomes a block",
			"package p\n\nimport \"example.com/x\"\n\nvar _ = x.C + context.D\n", []Spec{ctx},
			"package p\n\nimport (\n\t\"context\"\n\n\t\"example.com/x\"\n)\n\nvar _ = x.C + context.D\n"},
		{"single import with a comment becomes a block",
			"package p\n\nimport /* x */ \"example.com/x\" // now\n\nvar _ = x.C + context.D\n", []Spec{ctx},
			"package p\n\n/* x */\nimport (\n\t\"context\"\n\n\t\"example.com/x\"\n) // now\n\nvar _ = x.C + context.D\n"},
		{"no import yet",
			"package p\n\nvar _ = context.D\n", []Spec{ctx},
			"package p\n\nimport \"context\"\n\nvar _ = context.D\n"},
		{"alias",
			"package p\n\nimport \"os\"\n\nvar _ = os.A + stdcontext.D\n", []Spec{{"context", "stdcontext", "context"}},
			"package p\n\nimport (\n\tstdcontext \"context\"\n\t\"os\"\n)\n\nvar _ = os.A + stdcontext.D\n"},
		{"the comments of an unused one stay",
			"package p\n\nimport (\n\t\"bytes\"\n\t// clock\n\t\"time\" // now\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C\n", nil,
			"package p\n\nimport (\n\t\"bytes\"\n\t// clock\n\t// now\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C\n"},
		{"unused goes with its line",
			"package p\n\nimport (\n\t\"bytes\"\n\t\"time\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C\n", nil,
			"package p\n\nimport (\n\t\"bytes\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A + x.C\n"},
		{"a comment within an unused one",
			"package p\r\n\r\nimport /* the\r\nclock */ \"time\" // now\r\n\r\nvar A = 1\r\n", nil,
			"package p\r\n\r\n/* the\r\nclock */\r\n// now\r\n\r\nvar A = 1\r\n"},
		{"last of its group",
			"package p\n\nimport (\n\t\"bytes\"\n\n\t\"example.com/x\"\n)\n\nvar _ = bytes.A\n", nil,
			"package p\n\nimport (\n\t\"bytes\"\n)\n\nvar _ = bytes.A\n"},
		{"only one of the declaration",
			"package p\n\nimport \"time\"\n\nvar A = 1\n", nil,
			"package p\n\nvar A = 1\n"},
		{"shadowed name does not count as use",
			"package p\n\nimport \"time\"\n\nfunc f(time struct{ X int }) int { return time.X }\n", nil,
			"package p\n\nfunc f(time struct{ X int }) int { return time.X }\n"},
		{"blank and dot imports stay",
			"package p\n\nimport (\n\t_ \"a.b/c\"\n\t. \"a.b/d\"\n)\n", nil,
			"package p\n\nimport (\n\t_ \"a.b/c\"\n\t. \"a.b/d\"\n)\n"},
		{"CRLF",
			"package p\r\n\r\nimport (\r\n\t\"bytes\"\r\n)\r\n\r\nvar _ = bytes.A + context.D\r\n", []Spec{ctx},
			"package p\r\n\r\nimport (\r\n\t\"bytes\"\r\n\t\"context\"\r\n)\r\n\r\nvar _ = bytes.A + context.D\r\n"},
		{"cgo keeps its declaration",
			"package p\n\n// #include <x.h>\nimport \"C\"\n\nimport \"os\"\n\nvar _ = os.A + context.D\n", []Spec{ctx},
			"package p\n\n// #include <x.h>\nimport \"C\"\n\nimport (\n\t\"context\"\n\t\"os\"\n)\n\nvar _ = os.A + context.D\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Tidy([]byte(tt.src), tt.add, map[string]string{"a.b/d": "d"})
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
			if f, err := format.Source([]byte(tt.want)); err == nil && !strings.Contains(tt.want, "\r") && string(f) != tt.want {
				t.Errorf("the expectation is not gofmt-clean")
			}
		})
	}
}
