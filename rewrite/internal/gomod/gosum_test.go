package gomod

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
)

const (
	coderSums = "github.com/coder/websocket v1.8.15 h1:6B2JPeOGlpff2Uz6vOEH1Vzpi0iUz20A+lPVhPHtNUA=\n" +
		"github.com/coder/websocket v1.8.15/go.mod h1:NX3SzP+inril6yawo5CQXx8+fk145lPDC6pumgx0mVg=\n"
	nhooyrSums = "nhooyr.io/websocket v1.8.17 h1:KEVeLJkUywCKVsnLIDlD/5gtayKp8VoCkksHCGGfT9Y=\n" +
		"nhooyr.io/websocket v1.8.17/go.mod h1:rN9OFWIUwuxg4fR5tELlYC04bXYowCP9GX47ivo2l+c=\n"
)

// TestKnownSums holds the table against the sums that the go command checked
// for this project's own module.
func TestKnownSums(t *testing.T) {
	own, err := os.ReadFile(filepath.Join("..", "..", "..", "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for m, hashes := range sums {
		for i, suffix := range []string{"", goModSuffix} {
			if line := m.Path + " " + m.Version + suffix + " " + hashes[i] + "\n"; !strings.Contains(string(own), line) {
				t.Errorf("go.sum lacks %s", line)
			}
		}
	}
}

func TestAddSums(t *testing.T) {
	other := module.Version{Path: "m.n/o", Version: "v1.0.0"}
	const around = "a.b/c v1.0.0 h1:aaa=\na.b/c v1.0.0/go.mod h1:bbb=\nz.z/z v1.0.0 h1:ccc=\n"
	for _, test := range []struct {
		name, in, want string
		mods, missing  []module.Version
	}{
		{"no file", "", coderSums + nhooyrSums, []module.Version{nhooyr, coder}, nil},
		{"between", around, "a.b/c v1.0.0 h1:aaa=\na.b/c v1.0.0/go.mod h1:bbb=\n" + nhooyrSums + "z.z/z v1.0.0 h1:ccc=\n", []module.Version{nhooyr}, nil},
		{"half there", nhooyrSums[strings.Index(nhooyrSums, "\n")+1:], nhooyrSums, []module.Version{nhooyr}, nil},
		{"all there", "z\n" + nhooyrSums, "z\n" + nhooyrSums, []module.Version{nhooyr}, nil},
		{"CRLF", "a.b/c v1.0.0 h1:aaa=\r\n", "a.b/c v1.0.0 h1:aaa=\r\n" + strings.ReplaceAll(nhooyrSums, "\n", "\r\n"), []module.Version{nhooyr}, nil},
		{"unknown", around, around, []module.Version{other}, []module.Version{other}},
		{"unknown but there", "m.n/o v1.0.0 h1:aaa=\nm.n/o v1.0.0/go.mod h1:bbb=\n", "m.n/o v1.0.0 h1:aaa=\nm.n/o v1.0.0/go.mod h1:bbb=\n", []module.Version{other}, nil},
		{"unknown, half there", "m.n/o v1.0.0/go.mod h1:bbb=\n", "m.n/o v1.0.0/go.mod h1:bbb=\n", []module.Version{other}, []module.Version{other}},
		{"older version, by its numbers", "nhooyr.io/websocket v1.8.7/go.mod h1:aaa=\n", "nhooyr.io/websocket v1.8.7/go.mod h1:aaa=\n" + nhooyrSums, []module.Version{nhooyr}, nil},
		{"nothing", around, around, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, missing := AddSums([]byte(test.in), test.mods...)
			if string(got) != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if !slices.Equal(missing, test.missing) {
				t.Errorf("missing %v, want %v", missing, test.missing)
			}
		})
	}
}

func TestDropSums(t *testing.T) {
	const (
		gorillaSums = "github.com/gorilla/websocket v1.4.0/go.mod h1:aaa=\ngithub.com/gorilla/websocket v1.5.3 h1:bbb=\ngithub.com/gorilla/websocket v1.5.3/go.mod h1:ccc=\n"
		cousin      = "github.com/gorilla/websocket/v2 v2.0.0 h1:ddd=\n"
	)
	for _, test := range []struct{ name, in, want string }{
		{"all versions", gorillaSums + cousin + nhooyrSums, cousin + nhooyrSums},
		{"not there", "  odd \n" + nhooyrSums, "  odd \n" + nhooyrSums},
		{"CRLF", strings.ReplaceAll(gorillaSums+cousin, "\n", "\r\n"), strings.ReplaceAll(cousin, "\n", "\r\n")},
		{"last", gorillaSums, ""},
	} {
		if got := DropSums([]byte(test.in), gorilla); string(got) != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if DropSums(nil, gorilla) != nil {
		t.Error("a go.sum came from nothing")
	}
	if DropSums([]byte(gorillaSums), gorilla) == nil {
		t.Error("an emptied go.sum is no file any more")
	}
}
