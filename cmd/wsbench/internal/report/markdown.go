package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes what was measured as sections of a page.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("\n## The run\n\n")
	for _, line := range r.header() {
		if line != "" {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	scenario := ""
	for _, t := range r.tables() {
		if t.scenario != scenario {
			scenario = t.scenario
			fmt.Fprintf(&b, "\n## %s\n\n%s.\n", strings.ToUpper(scenario[:1])+scenario[1:], About(scenario))
		}
		fmt.Fprintf(&b, "\n%s:\n\n| %s |\n|%s\n", t.kase, strings.Join(t.columns, " | "), strings.Repeat("---|", len(t.columns)))
		for _, row := range t.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		}
	}
	if flaws := r.Flaws(); len(flaws) > 0 {
		b.WriteString("\n## Not whole\n\n")
		for _, f := range flaws {
			fmt.Fprintf(&b, "- %s\n", f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
