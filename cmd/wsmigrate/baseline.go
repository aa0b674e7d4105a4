package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A baseline lists findings that are known and accepted for now.
type baseline struct {
	Version  int             `json:"version"`
	Findings []baselineEntry `json:"findings"`
}

// A baselineEntry is a finding that may occur Count times. Only the
// fingerprint identifies it; the rest tells readers what it is.
type baselineEntry struct {
	Fingerprint string `json:"fingerprint"`
	Count       int    `json:"count"`
	Rule        string `json:"rule"`
	File        string `json:"file"`
	Func        string `json:"func,omitempty"`
	Message     string `json:"message"`
}

const baselineVersion = 1

// applyBaseline leaves out the findings that the file of -baseline lists. With
// -write-baseline it writes the file instead and reports that all is done.
func (inv *invocation) applyBaseline(doc *report.Document) (done bool, err error) {
	path := inv.path(inv.baseline)
	if inv.writeBaseline {
		b := newBaseline(doc.Findings)
		data, err := json.MarshalIndent(b, "", "  ")
		if err != nil {
			return true, err
		}
		if err := writeFile(path, append(data, '\n')); err != nil {
			return true, err
		}
		fmt.Fprintf(&inv.remarks, "wrote %s with %s\n", inv.baseline, hazards(len(doc.Findings)))
		return true, nil
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, usagef("-baseline %s: there is no such file: -write-baseline makes it", inv.baseline)
	}
	if err != nil {
		return true, fmt.Errorf("read baseline: %w", err)
	}
	var b baseline
	if err := json.Unmarshal(data, &b); err != nil || b.Version != baselineVersion {
		return true, usagef("-baseline %s: this is not a baseline of version %d: -write-baseline makes one", inv.baseline, baselineVersion)
	}
	fresh, known, gone := b.filter(doc.Findings)
	doc.Baseline = true
	doc.SetFindings(fresh)
	doc.Suppress(known)
	if n := len(known); n > 0 {
		fmt.Fprintf(&inv.remarks, "%s in the baseline\n", hazards(n))
	}
	if len(gone) > 0 {
		fmt.Fprintf(&inv.remarks, "%s of the baseline no longer found: -write-baseline takes them out\n", entries(len(gone)))
	}
	if inv.verbose {
		for _, e := range gone {
			fmt.Fprintf(&inv.remarks, "\t%s: %s (%s)\n", e.File, e.Message, e.Rule)
		}
	}
	return false, nil
}

func entries(n int) string {
	if n == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", n)
}

func newBaseline(findings []report.Finding) baseline {
	at := make(map[string]int)
	b := baseline{Version: baselineVersion, Findings: []baselineEntry{}}
	for _, f := range findings {
		fp := f.Fingerprint()
		if i, ok := at[fp]; ok {
			b.Findings[i].Count++
			continue
		}
		at[fp] = len(b.Findings)
		b.Findings = append(b.Findings, baselineEntry{
			Fingerprint: fp, Count: 1, Rule: f.ID(), File: f.Posn.File, Func: f.Func, Message: f.Message,
		})
	}
	slices.SortFunc(b.Findings, func(a, c baselineEntry) int {
		return cmp.Or(cmp.Compare(a.File, c.File), cmp.Compare(a.Rule, c.Rule), cmp.Compare(a.Fingerprint, c.Fingerprint))
	})
	return b
}

// filter returns the findings that the baseline does not account for, those
// that it does, and the entries that account for nothing.
func (b baseline) filter(findings []report.Finding) (fresh []report.Finding, known []report.Suppressed, gone []baselineEntry) {
	left := make(map[string]int)
	for _, e := range b.Findings {
		left[e.Fingerprint] += e.Count
	}
	seen := make(map[string]bool)
	for _, f := range findings {
		fp := f.Fingerprint()
		seen[fp] = true
		if left[fp] > 0 {
			left[fp]--
			known = append(known, report.Suppressed{Finding: f})
			continue
		}
		fresh = append(fresh, f)
	}
	for _, e := range b.Findings {
		if !seen[e.Fingerprint] {
			gone = append(gone, e)
		}
	}
	return fresh, known, gone
}
