package websocket

import (
	"net/http"
	"reflect"
	"testing"
)

func TestHasToken(t *testing.T) {
	tests := []struct {
		fields []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{"upgrade"}, true},
		{[]string{"UpGrade"}, true},
		{[]string{" \tupgrade\t "}, true},
		{[]string{"keep-alive, Upgrade"}, true},
		{[]string{"keep-alive,Upgrade,x"}, true},
		{[]string{"keep-alive", "upgrade"}, true},
		{[]string{"upgrades"}, false},
		{[]string{"up grade"}, false},
		{[]string{"upgrade x"}, false},
		{[]string{"upgrade;q=1"}, false},
		{[]string{"x;q=1, upgrade"}, false}, // the list ends at what is no token
		{[]string{"x;q=1", "upgrade"}, true},
		{[]string{", upgrade"}, false},
		{[]string{`"upgrade"`}, false},
		{[]string{"upgr\u212ade"}, false},
	}
	for _, tt := range tests {
		if got := hasToken(http.Header{"Connection": tt.fields}, "Connection", "upgrade"); got != tt.want {
			t.Errorf("hasToken(%q) = %v, want %v", tt.fields, got, tt.want)
		}
	}
}

func TestParseExtensions(t *testing.T) {
	ext := func(name string, params ...string) extension {
		e := extension{name: name}
		for i := 0; i < len(params); i += 2 {
			if e.params == nil {
				e.params = make(map[string]string)
			}
			e.params[params[i]] = params[i+1]
		}
		return e
	}
	tests := []struct {
		fields []string
		want   []extension
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{"a"}, []extension{ext("a")}},
		{[]string{" a ; b ; c = d , e"}, []extension{ext("a", "b", "", "c", "d"), ext("e")}},
		{[]string{"a", "b"}, []extension{ext("a"), ext("b")}},
		{[]string{"a;b=c;b=d"}, []extension{ext("a", "b", "d")}},
		{[]string{`a;b="c,d;e"`, "f"}, []extension{ext("a", "b", "c,d;e"), ext("f")}},
		{[]string{`a;b="\"\\c\d"; e`}, []extension{ext("a", "b", `"\cd`, "e", "")}},
		{[]string{`a;b="c`}, []extension{ext("a", "b", "")}},
		{[]string{`a;b="c\`}, []extension{ext("a", "b", "")}},
		{[]string{"a;b=, c"}, []extension{ext("a", "b", ""), ext("c")}},
		// What is malformed ends its field, and takes its own extension along.
		{[]string{"a, b c, d", "e"}, []extension{ext("a"), ext("e")}},
		{[]string{"a, b;=c, d"}, []extension{ext("a")}},
		{[]string{"a, b;c=d e, f"}, []extension{ext("a")}},
		{[]string{"a, , b"}, []extension{ext("a")}},
		{[]string{"a;"}, nil},
	}
	for _, tt := range tests {
		got := parseExtensions(http.Header{"Sec-Websocket-Extensions": tt.fields})
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("parseExtensions(%q)\n got %q\nwant %q", tt.fields, got, tt.want)
		}
	}
}

func TestEqualFoldASCII(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"Example.ORG:80", "example.org:80", true},
		{"[::A]", "[::a]", true},
		{"a", "ab", false},
		{"@", "`", false}, // 32 apart, but no letters
		{"[", "{", false},
		{"é", "É", false},
		{"k", "\u212a", false},
	}
	for _, tt := range tests {
		if got := equalFoldASCII(tt.a, tt.b); got != tt.want {
			t.Errorf("equalFoldASCII(%q, %q) = %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}
