package drivers

import (
	"os"
	"strings"
	"testing"
)

// TestToolchains runs lint and go vet over the cases of all rules with each of
// the toolchains that WSMIGRATE_TOOLCHAINS lists: they report what lint reports
// with the present one. What an older Go does not compile is left out.
func TestToolchains(t *testing.T) {
	list := strings.Fields(os.Getenv("WSMIGRATE_TOOLCHAINS"))
	if len(list) == 0 {
		t.Skip("WSMIGRATE_TOOLCHAINS names no toolchains")
	}
	for _, toolchain := range list {
		t.Run(toolchain, func(t *testing.T) {
			minor := strings.Join(strings.SplitN(strings.TrimPrefix(toolchain, "go"), ".", 3)[:2], ".")
			present := wants(t, minor, "")
			old := newTree(t, present.dir, toolchain)
			old.pkg = common(old.pkg, present.pkg)
			if version, _ := old.run([]int{0}, "go", "version"); !strings.Contains(version, toolchain+" ") {
				t.Fatalf("the go command is %s", version)
			}
			if len(old.pkg) < len(present.pkg)*3/4 {
				t.Fatalf("%d of %d packages compile", len(old.pkg), len(present.pkg))
			}
			want := present.lint(old.pkg...)
			if len(want) == 0 {
				t.Fatal("lint finds nothing")
			}
			same(t, want, full, each(full, old.lint(old.pkg...)))
			same(t, want, plain, old.vet(old.pkg...))
			same(t, want, full, each(full, old.vetJSON(old.pkg...)))
		})
	}
}

func common(a, b []string) []string {
	in := make(map[string]bool)
	for _, s := range b {
		in[s] = true
	}
	var both []string
	for _, s := range a {
		if in[s] {
			both = append(both, s)
		}
	}
	return both
}
