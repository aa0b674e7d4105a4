package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestCells(t *testing.T) {
	all := rows()
	if n := len(all); n != 2*(6+3) {
		t.Errorf("%d rows, want six clients and three servers on two engines", n)
	}
	seen := map[string]bool{}
	for _, c := range cells(all) {
		if seen[c.name()] {
			t.Errorf("%s twice", c.name())
		}
		seen[c.name()] = true
	}
	if len(seen) != len(all)*columns {
		t.Errorf("%d cells, want %d", len(seen), len(all)*columns)
	}
	if !seen["coder/client/python3-aiohttp/haproxy/tls/off"] {
		t.Error("no cell for aiohttp's server behind haproxy")
	}
}

// The short form has each route in each row, TLS and no TLS in each row, and
// compression and none wherever the library has it.
func TestShorten(t *testing.T) {
	all := rows()
	short := shorten(all)
	for _, r := range all {
		var routed []string
		var tls, deflate [2]bool
		for _, c := range short {
			if c.row != r {
				continue
			}
			if !c.supported() {
				t.Errorf("%s is not supported", c.name())
			}
			routed = append(routed, c.route)
			tls[boolIndex(c.tls)] = true
			deflate[boolIndex(c.deflate)] = true
		}
		if !slices.Equal(routed, routes) {
			t.Errorf("%s %s %s: routes %v", r.engine, r.role(), r.library.name, routed)
		}
		able := cell{row: r, deflate: true}.supported()
		if !tls[0] || !tls[1] || !deflate[0] || deflate[1] != able {
			t.Errorf("%s %s %s: without and with TLS %v, compression %v", r.engine, r.role(), r.library.name, tls, deflate)
		}
	}
}

func boolIndex(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestMatch(t *testing.T) {
	got := match(cells(rows()), regexp.MustCompile("^nhooyr/server/ws/nginx/tls/"))
	if len(got) != 2 || got[0].deflate || !got[1].deflate {
		t.Errorf("got %d cells", len(got))
	}
}

func TestTable(t *testing.T) {
	all := rows()
	at := func(name string) cell {
		found := match(cells(all), regexp.MustCompile("^"+name+"$"))
		if len(found) != 1 {
			t.Fatalf("%d cells %s", len(found), name)
		}
		return found[0]
	}
	good := []check{{name: "echo: a", passed: true}, {name: "echo: b", passed: true}}
	bad := []check{{name: "echo: a", passed: true}, {name: "echo: b", detail: "got c"}}
	results := []result{
		{at("nhooyr/server/ws/direct/plain/off"), good},
		{at("nhooyr/server/ws/nginx/tls/on"), bad},
		{at("nhooyr/server/ws/haproxy/tls/on"), nil}, // a battery that checked nothing
		{at("coder/server/python3-websocket/direct/plain/on"), nil},
		{at("coder/server/python3-websocket/haproxy/plain/off"), good},
	}
	var b strings.Builder
	writeTable(&b, all, results)
	passed := summarize(&b, results)
	writeNotes(&b, results)
	want := `
                                    direct                  nginx                   haproxy
                                    plain       TLS         plain       TLS         plain       TLS
engine  compat  against             off   on    off   on    off   on    off   on    off   on    off   on    checks
nhooyr  server  ws                  ok    .     .     .     .     .     .     FAIL  .     .     .     FAIL  4
coder   server  python3-websocket   .     –     .     .     .     .     .     .     ok    .     .     .     2
5 cells: 2 ok, 2 failed, 1 not supported by the library; 6 checks
- python3-websocket has no server, no compression and no read limit. It answers every close frame with 1000.
FAIL nhooyr/server/ws/nginx/tls/on: echo: b: got c
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got:%s\nwant:%s", got, want)
	}
	if passed {
		t.Error("passed in spite of failures")
	}
}
