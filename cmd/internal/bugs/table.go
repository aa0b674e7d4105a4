package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/wsmigrate/wsmigrate/cmd/internal/measure"
)

// A verdict is the judgement of one tree.
type verdict struct {
	found *measure.Finding
	how   hit
	// noisy counts findings at lines that are in order.
	noisy int
}

// buggy judges the tree with the bug: it must be flagged.
func (r *result) buggy(tier string) verdict {
	return judge(r.Buggy, r.Bug, tier, r.Bug.Lines, r.Bug.SilentBuggy)
}

// fixed judges the other one: nothing may be flagged, if it is a repair. What
// merely names one of the lines is about another, which the repair left.
func (r *result) fixed(tier string) verdict {
	v := judge(r.Fixed, r.Bug, tier, r.Bug.FixedLines, r.Bug.SilentFixed)
	if v.how == named {
		v.found = nil
	}
	return v
}

func judge(o *outcome, b *bug, tier string, lines, silent []int) verdict {
	rule := rules[b.Hazard]
	var counted []measure.Finding
	for _, f := range o.Findings {
		if f.Rule == rule && measure.Rank(f.Confidence) >= measure.Rank(tier) {
			counted = append(counted, f)
		}
	}
	var v verdict
	v.found, v.how = best(counted, rule, o.File, lines)
	for _, f := range counted {
		if about(&f, o.File, silent) == there {
			v.noisy++
		}
	}
	return v
}

func (v verdict) String() string {
	s := "silent"
	if v.found != nil {
		file, line := measure.Place(v.found.Posn)
		s = fmt.Sprintf("%s %s at %s:%d", v.found.Confidence, v.found.Category, file[strings.LastIndexByte(file, '/')+1:], line)
		if v.how == named {
			s += " (names the line)"
		}
	}
	if v.noisy > 0 {
		s += fmt.Sprintf(", %d at lines in order", v.noisy)
	}
	return s
}

// A total sums up the bugs of one hazard.
type total struct {
	bugs, high, found, repaired, silent, noisy int
}

func writeTable(w io.Writer, o *options, all []*result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "bug\thazard\tbuggy\tfixed\tverdict")
	totals := make(map[string]*total)
	var hazards []string
	for _, r := range all {
		b := r.Bug
		t := totals[b.Hazard]
		if t == nil {
			t = new(total)
			totals[b.Hazard] = t
			hazards = append(hazards, b.Hazard)
		}
		buggy, fixed, words := r.row(o, t)
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", b.ID, b.Hazard, buggy, fixed, words)
	}
	slices.Sort(hazards)
	fmt.Fprintf(tw, "\nhazard\tbugs\tfound\tat high\tsilent on the repair\tnoise\n")
	for _, h := range hazards {
		t := totals[h]
		fmt.Fprintf(tw, "%s\t%d\t%d\t%d\t%d of %d\t%d\n", h, t.bugs, t.found, t.high, t.silent, t.repaired, t.noisy)
	}
	tw.Flush()
	fmt.Fprintf(w, "\nA bug is found if a finding of confidence %s or surer stands at one of its lines, or names one. The repair is flagged if one stands there.\n", o.tier)
}

// row judges one bug and counts it.
func (r *result) row(o *options, t *total) (buggy, fixed, words string) {
	t.bugs++
	if r.Buggy.Error != "" {
		return r.Buggy.Error, "", "not linted"
	}
	v := r.buggy(o.tier)
	t.noisy += v.noisy
	words = "missed"
	if v.found != nil {
		words = "found"
		t.found++
		if v.found.Confidence == "high" {
			t.high++
		}
	}
	buggy = v.String()
	switch {
	case r.Fixed == nil:
		return buggy, "there is none", words
	case r.Fixed.Error != "":
		return buggy, r.Fixed.Error, words + ", repair not linted"
	}
	f := r.fixed(o.tier)
	t.noisy += f.noisy
	if r.Bug.really() {
		t.repaired++
		if f.found == nil {
			t.silent++
		} else {
			words += ", repair flagged"
		}
	} else {
		words += ", no real repair"
	}
	return buggy, f.String(), words
}
