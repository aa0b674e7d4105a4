package drivers

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// vet runs the rules under go vet and returns the lines that it prints.
func (tr *tree) vet(packages ...string) []string {
	tr.t.Helper()
	args := append([]string{"vet", "-vettool=" + wsmigrate(tr.t)}, ruleFlags()...)
	_, stderr := tr.run([]int{0, 1}, "go", append(args, packages...)...)
	var lines []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimRight(line, "\r\n")
		if !strings.HasPrefix(line, "# ") { // the package
			lines = append(lines, tr.relative(strings.TrimPrefix(line, "vet: ")))
		}
	}
	return lines
}

// vetJSON is vet with -json.
func (tr *tree) vetJSON(packages ...string) []finding {
	tr.t.Helper()
	args := append([]string{"vet", "-vettool=" + wsmigrate(tr.t), "-json"}, ruleFlags()...)
	stdout, stderr := tr.run([]int{0}, "go", append(args, packages...)...)
	// The package is a comment. Older go commands write all of it to stderr.
	lines := slices.DeleteFunc(strings.SplitAfter(stdout+stderr, "\n"), func(line string) bool { return strings.HasPrefix(line, "# ") })
	var list []finding
	for dec := json.NewDecoder(strings.NewReader(strings.Join(lines, ""))); ; {
		var unit map[string]map[string]json.RawMessage // by package and analyzer
		if err := dec.Decode(&unit); err == io.EOF {
			break
		} else if err != nil {
			tr.t.Fatalf("%v in\n%s%s", err, stdout, stderr)
		}
		for _, byRule := range unit {
			for rule, data := range byRule {
				list = append(list, tr.diagnostics(rule, data)...)
			}
		}
	}
	return list
}

func (tr *tree) diagnostics(rule string, data []byte) []finding {
	tr.t.Helper()
	var diags []struct {
		Category, Posn, End, Message string
		Related                      []struct{ Posn, Message string }
	}
	if err := json.Unmarshal(data, &diags); err != nil {
		tr.t.Fatalf("%s: %v in %s", rule, err, data)
	}
	var list []finding
	for _, d := range diags {
		f := finding{rule: rule, category: d.Category, message: d.Message, posn: tr.relative(d.Posn), end: tr.relative(d.End)}
		for _, r := range d.Related {
			f.related = append(f.related, related{tr.relative(r.Posn), r.Message})
		}
		list = append(list, f)
	}
	return list
}
