package drivers

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/ruletest"
)

// TestFixes lets every driver that applies fixes do so to the cases of all
// rules: they write the same files, show the same as a diff, print no findings,
// and the fixes of the rules' golden files are among them.
func TestFixes(t *testing.T) {
	tool := wsmigrate(t)
	vet := append([]string{"vet", "-vettool=" + tool, "-fix"}, ruleFlags()...)
	fix := append([]string{"fix", "-fixtool=" + tool}, ruleFlags()...)
	var want map[string]string
	for _, driver := range []struct {
		name string
		args []string
	}{
		{"vet -fix", vet},
		{"fix -fixtool", fix},
	} {
		t.Run(driver.name, func(t *testing.T) {
			tr := wants(t, newest, "")
			before := tr.files()

			stdout, stderr := tr.run([]int{0, 1}, "go", append(append(driver.args, "-diff"), tr.pkg...)...)
			if changed := changes(before, tr.files()); len(changed) > 0 {
				t.Errorf("-diff writes %v", changed)
			}
			silent(t, stderr)
			patched := &tree{t: t, dir: ruletest.Module(t, "../..", newest), env: tr.env}
			patched.patch(stdout)

			stdout, stderr = tr.run([]int{0}, "go", append(driver.args, tr.pkg...)...)
			silent(t, stdout+stderr)
			after := tr.files()
			if changed := changes(after, patched.files()); len(changed) > 0 {
				t.Errorf("the diff says otherwise of %v", changed)
			}
			golden(t, tr, before, after)
			if want == nil {
				want = after
			}
			if changed := changes(want, after); len(changed) > 0 {
				t.Errorf("the first driver writes otherwise %v", changed)
			}
			for _, p := range newTree(t, tr.dir, "").ill {
				if !strings.HasSuffix(p, "/broken") {
					t.Errorf("%s does not compile any more", p)
				}
			}
		})
	}
}

// patch applies a diff as users do.
func (tr *tree) patch(diff string) {
	tr.t.Helper()
	name := filepath.Join(tr.t.TempDir(), "fixes.diff")
	if err := os.WriteFile(name, []byte(relativeDiff(diff, tr)), 0o666); err != nil {
		tr.t.Fatal(err)
	}
	tr.run([]int{0}, "git", "apply", "-p0", name)
}

// relativeDiff gives the files of a diff that was made elsewhere the names
// that they have in the tree.
func relativeDiff(diff string, tr *tree) string {
	var out strings.Builder
	for line := range strings.Lines(diff) {
		for _, side := range []string{"--- ", "+++ "} {
			if name, ok := strings.CutPrefix(line, side); ok {
				name = strings.TrimSuffix(strings.TrimSpace(name), " (old)")
				name = strings.TrimSuffix(name, " (new)")
				for known := range tr.files() {
					if strings.HasSuffix(filepath.ToSlash(name), "/"+known) {
						line = side + known + "\n"
					}
				}
			}
		}
		out.WriteString(line)
	}
	return out.String()
}

// silent fails the test if a driver prints more than names of packages.
func silent(t *testing.T, output string) {
	t.Helper()
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(line, "# ") {
			t.Errorf("it prints %s", line)
		}
	}
}

// changes lists the files that are not the same.
func changes(a, b map[string]string) []string {
	var names []string
	for name := range a {
		if a[name] != b[name] {
			names = append(names, name)
		}
	}
	return names
}

// golden compares with the golden files of the rules' own tests.
func golden(t *testing.T, tr *tree, before, after map[string]string) {
	t.Helper()
	n := 0
	for name := range before {
		data, err := os.ReadFile(filepath.Join(tr.dir, name+".golden"))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		if before[name] == after[name] || !bytes.Equal(data, []byte(after[name])) {
			t.Errorf("%s is fixed otherwise than its golden file", name)
		}
	}
	if n == 0 {
		t.Errorf("no golden files in %s", ruletest.ModulePath)
	}
}
