package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "\t")
	return enc.Encode(r)
}

// ReadJSON reads what WriteJSON wrote.
func ReadJSON(from io.Reader) (*Report, error) {
	r := new(Report)
	dec := json.NewDecoder(from)
	dec.DisallowUnknownFields()
	if err := dec.Decode(r); err != nil {
		return nil, fmt.Errorf("read a report: %w", err)
	}
	return r, nil
}

// WriteText writes the report for people at a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, line := range r.header() {
		fmt.Fprintln(&b, line)
	}
	scenario := ""
	for _, t := range r.tables() {
		if t.scenario != scenario {
			scenario = t.scenario
			fmt.Fprintf(&b, "\n%s: %s\n", scenario, About(scenario))
		}
		fmt.Fprintf(&b, "\n%s, %s\n", t.scenario, t.kase)
		tw := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		fmt.Fprintln(tw, strings.Join(t.columns, "\t"))
		for _, row := range t.rows {
			fmt.Fprintln(tw, strings.Join(row, "\t"))
		}
		if err := tw.Flush(); err != nil {
			return err
		}
	}
	if flaws := r.Flaws(); len(flaws) > 0 {
		fmt.Fprintf(&b, "\nnot whole:\n")
		for _, f := range flaws {
			fmt.Fprintf(&b, "  %s\n", f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// header says what was measured, where and how.
func (r *Report) header() []string {
	m := r.Machine
	lines := []string{
		"command: " + r.Command,
		fmt.Sprintf("machine: %s, %d CPUs (%s), %s memory, %s, at most %d open files a process, load %s at the start",
			m.System, m.CPUs, m.CPU, Bytes.text(float64(m.Memory)), m.Go, m.FileLimit, m.Load),
		fmt.Sprintf("time:    %s, took %s", r.Started.UTC().Format("2006-01-02 15:04 UTC"),
			time.Duration(r.Seconds*float64(time.Second)).Round(time.Second)),
	}
	var libraries []string
	for _, l := range r.Libraries {
		libraries = append(libraries, strings.TrimSpace(l.Title+" "+l.Version))
	}
	lines = append(lines, "measured: "+strings.Join(libraries, ", "))
	for i, n := range r.Notes {
		if i == 0 {
			lines = append(lines, "")
		}
		lines = append(lines, "note: "+n)
	}
	return lines
}
