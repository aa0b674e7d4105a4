package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// writeTable prints a line for each module, the sums, what is wrong, and the
// reasons for what was not converted.
func writeTable(w io.Writer, o *options, all []*result) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "module\tsites\tnative\thelpers\tshim\tpinned\tafter shim\tafter fix\ttests before\tafter shim\tafter fix")
	var sum outcome
	var own, ownConverted, whole, loaded int
	for _, r := range all {
		fmt.Fprintf(tw, "%s\t%s\n", r.Name, r.row(o.test))
		if r.Fix == nil || r.Fix.Message != "" {
			continue
		}
		loaded++
		if !r.broken() {
			whole++
		}
		s, t := &sum.Report.Summary, &r.Fix.Report.Summary
		s.Sites += t.Sites
		s.Native += t.Native
		s.Helpers += t.Helpers
		s.Shim += t.Shim
		s.Pinned += t.Pinned
		for _, c := range r.Fix.Report.Clusters {
			if !c.exported() {
				own += c.Sites
				if c.converted() {
					ownConverted += c.Sites
				}
			}
		}
	}
	s := sum.Report.Summary
	fmt.Fprintf(tw, "%d modules\t%d\t%d\t%d\t%d\t%d\n", len(all), s.Sites, s.Native, s.Helpers, s.Shim, s.Pinned)
	tw.Flush()
	fmt.Fprintf(w, "\n%d of %d modules load; %d of them are whole after every step (compile, tests, second run, undo).\n", loaded, len(all), whole)
	fmt.Fprintf(w, "Converted: %s of all sites, %s of those in clusters without exported API.\n",
		share(s.Native+s.Helpers, s.Sites), share(ownConverted, own))
	writeFaults(w, all)
	writeFlaky(w, all)
	writeReasons(w, all)
}

func share(part, of int) string {
	return fmt.Sprintf("%d of %d (%.0f %%)", part, of, 100*float64(part)/float64(max(of, 1)))
}

// row returns the cells behind the module's name.
func (r *result) row(tested bool) string {
	if r.Error != "" {
		return r.Error
	}
	if r.Fix != nil && r.Fix.Message != "" {
		return r.Fix.Message
	}
	cells := make([]string, 0, 10)
	if r.Fix != nil {
		s := r.Fix.Report.Summary
		for _, n := range []int{s.Sites, s.Native, s.Helpers, s.Shim, s.Pinned} {
			cells = append(cells, fmt.Sprint(n))
		}
	} else {
		cells = append(cells, "", "", "", "", "")
	}
	compiles := func(o *outcome) string {
		switch {
		case o == nil:
			return ""
		case o.Message != "":
			return "refused"
		case len(o.NewErrors) > 0:
			return fmt.Sprintf("%d errors", len(o.NewErrors))
		case r.BuildErrors > 0:
			return fmt.Sprintf("as before (%d errors)", r.BuildErrors)
		}
		return "compiles"
	}
	cells = append(cells, compiles(r.Shim), compiles(r.Fix))
	if tested {
		passing := func(o *outcome) string {
			if o == nil || o.Message != "" {
				return ""
			}
			return fmt.Sprint(r.Tests - len(o.FailedTests))
		}
		cells = append(cells, fmt.Sprint(r.Tests), passing(r.Shim), passing(r.Fix))
	}
	return strings.Join(cells, "\t")
}

// writeFaults says what is wrong, module by module.
func writeFaults(w io.Writer, all []*result) {
	for _, r := range all {
		for _, step := range []struct {
			name string
			*outcome
		}{{"shim", r.Shim}, {"fix", r.Fix}} {
			if !step.outcome.broken() {
				continue
			}
			fmt.Fprintf(w, "\n%s after %s:\n", r.Dir, step.name)
			if step.Status == 4 {
				fmt.Fprintf(w, "  verification failed: %s\n", step.Message)
			}
			for _, line := range step.NewErrors {
				fmt.Fprintf(w, "  new: %s\n", line)
			}
			for _, name := range step.FailedTests {
				fmt.Fprintf(w, "  fails: %s\n", name)
			}
			for _, name := range step.Undone {
				fmt.Fprintf(w, "  not undone: %s\n", name)
			}
			if step.Message == "" && !step.SecondRun {
				fmt.Fprintf(w, "  a second run changes something again\n")
			}
		}
	}
}

// writeFlaky names the tests that are not held against the tool.
func writeFlaky(w io.Writer, all []*result) {
	var lines []string
	for _, r := range all {
		for _, o := range []*outcome{r.Shim, r.Fix} {
			if o == nil {
				continue
			}
			for _, name := range o.FlakyTests {
				lines = append(lines, fmt.Sprintf("  %s: %s", r.Name, name))
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	slices.Sort(lines)
	fmt.Fprintf(w, "\nFlaky: failed once after a change, but pass in one of %d further runs, or do not pass again in the original:\n", retries)
	fmt.Fprintln(w, strings.Join(slices.Compact(lines), "\n"))
}

// A reason is why sites were not converted.
type reason struct {
	rule, text string
	count      int // of places
	held       int // sites of the clusters that it blocks
	where      []string
}

// reasons collects the blocking reasons of all clusters, most frequent first,
// without the advice in them and without what they say of this place alone.
func reasons(all []*result) []*reason {
	found := make(map[string]*reason)
	for _, r := range all {
		if r.Fix == nil {
			continue
		}
		for i := range r.Fix.Report.Clusters {
			c := &r.Fix.Report.Clusters[i]
			here := make(map[string]bool)
			for _, b := range c.Blocking {
				text, _, _ := strings.Cut(b.Reason, ";")
				switch b.Rule {
				case "api":
					text = "exported API of the module"
				case "load":
					text, _, _ = strings.Cut(text, ":")
				}
				key := b.Rule + ": " + text
				if found[key] == nil {
					found[key] = &reason{rule: b.Rule, text: text}
				}
				it := found[key]
				it.count++
				if len(it.where) < 2 {
					it.where = append(it.where, r.Name+":"+b.Posn)
				}
				if !here[key] {
					here[key] = true
					it.held += c.Sites
				}
			}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b *reason) int {
		return cmp.Or(b.count-a.count, b.held-a.held, strings.Compare(a.rule+a.text, b.rule+b.text))
	})
}

func writeReasons(w io.Writer, all []*result) {
	list := reasons(all)
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w, "\nWhy the rest was not converted (places; sites in the clusters they hold; rule; reason; examples):")
	for _, r := range list {
		fmt.Fprintf(w, "%4d %5d  %s: %s  [%s]\n", r.count, r.held, r.rule, r.text, strings.Join(r.where, ", "))
	}
}
