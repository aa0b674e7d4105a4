package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// choose asks about each cluster of a plan and returns the plan for those that
// were chosen, verified like any other, and a sentence about the rest.
func (inv *invocation) choose(ctx context.Context, prog *rewrite.Program, opts rewrite.Options, plan *rewrite.Plan) (*rewrite.Plan, string, error) {
	iv := &interview{
		lines: lines(inv.stdin), echo: !term.IsTerminal(inv.stdin), w: inv.stderr,
		target: opts.Target,
		plan: func(ctx context.Context, only []string) (*rewrite.Plan, error) {
			inv.progress = term.NewProgress(inv.stderr, !inv.quiet)
			defer inv.progress.Close()
			opts.Only, opts.Progress = only, inv.progress.Update
			return prog.Plan(ctx, opts)
		},
		text: func(plan *rewrite.Plan) *text.Writer {
			doc := inv.document(prog)
			doc.AddPlan(plan)
			return inv.remarksText(doc)
		},
	}
	inv.progress.Close()
	plan, err := iv.run(ctx, plan)
	return plan, iv.summary(), err
}

// lines delivers what is typed, line by line, and closes the channel at its
// end.
func lines(r io.Reader) <-chan string {
	ch := make(chan string)
	if r == nil {
		close(ch)
		return ch
	}
	go func() { // reading cannot be called off: this lives as long as the process
		defer close(ch)
		for sc := bufio.NewScanner(r); sc.Scan(); {
			ch <- sc.Text()
		}
	}()
	return ch
}

// An interview asks which clusters of a plan are to be changed.
type interview struct {
	lines  <-chan string
	echo   bool // the terminal does not show what was answered
	w      io.Writer
	target wsapi.Target
	plan   func(ctx context.Context, only []string) (*rewrite.Plan, error)
	text   func(*rewrite.Plan) *text.Writer

	answers map[question]bool
	left    []string // what was not chosen, by number and name
	chosen  []string // by number
}

// A question is one that is asked once: whether a cluster is to come out in
// this way.
type question struct {
	id      int
	outcome rewrite.Outcome
}

// run asks, and returns the plan of what was chosen. Where a cluster comes out
// otherwise without those that were left, it is asked about once more; all
// other answers stay.
func (iv *interview) run(ctx context.Context, plan *rewrite.Plan) (*rewrite.Plan, error) {
	iv.answers = make(map[question]bool)
	for {
		if err := iv.ask(ctx, plan); err != nil {
			return nil, err
		}
		var chosen, still []string
		whole := true
		for _, c := range plan.Clusters {
			switch {
			case !c.Moves:
				still = append(still, strconv.Itoa(c.ID)) // told about, as ever
			case iv.answers[question{c.ID, c.Outcome}]:
				chosen = append(chosen, strconv.Itoa(c.ID))
			default:
				whole = false
				iv.left = append(iv.left, fmt.Sprintf("%d, %s", c.ID, c.Name))
			}
		}
		iv.chosen = chosen
		if len(chosen) == 0 {
			none := *plan
			none.Clusters, none.Changes, none.Messages = nil, nil, nil
			return &none, nil
		}
		if whole {
			return plan, nil
		}
		var err error
		if plan, err = iv.plan(ctx, append(chosen, still...)); err != nil {
			return nil, err
		}
	}
}

// summary says what was left, and how to choose the same again.
func (iv *interview) summary() string {
	if len(iv.left) == 0 {
		return ""
	}
	s := "left as it was: cluster " + strings.Join(iv.left, "; cluster ")
	if len(iv.chosen) > 0 {
		s += "; -only " + strings.Join(iv.chosen, ",") + " chooses the same again"
	}
	return s
}

// ask asks about the clusters that were not asked about yet.
func (iv *interview) ask(ctx context.Context, plan *rewrite.Plan) error {
	t := iv.text(plan)
	again := len(iv.answers) > 0
	var open []int
	for i, c := range plan.Clusters {
		if _, ok := iv.answers[question{c.ID, c.Outcome}]; !ok && c.Moves {
			open = append(open, i)
		}
	}
	if again && len(open) > 0 {
		fmt.Fprintf(iv.w, "\nWithout what you left, %s otherwise:\n", comes(len(open)))
	}
	for n, i := range open {
		c := plan.Clusters[i]
		fmt.Fprintf(iv.w, "\n%s %s\n", t.Palette.Dim(fmt.Sprintf("(%d/%d)", n+1, len(open))), iv.introduce(t, i))
		a, err := iv.decide(ctx, t, c, i)
		if err != nil {
			return err
		}
		yes := a == "yes" || a == "all"
		iv.answers[question{c.ID, c.Outcome}] = yes
		if a == "all" || a == "quit" {
			for _, j := range open[n+1:] {
				rest := plan.Clusters[j]
				iv.answers[question{rest.ID, rest.Outcome}] = yes
			}
			return nil
		}
	}
	return nil
}

func comes(n int) string {
	if n == 1 {
		return "a cluster comes out"
	}
	return report.Count(n, "cluster") + " come out"
}

// introduce says in a line what a cluster is and what would become of it.
func (iv *interview) introduce(t *text.Writer, i int) string {
	c := t.Doc.Clusters[i]
	where := report.Count(len(c.Files), "file")
	if len(c.Files) == 1 {
		where = c.Files[0]
	}
	s := fmt.Sprintf("%s: %s in %s; %s", t.Palette.Bold(fmt.Sprintf("cluster %d, %s", c.ID, c.Name)),
		report.Count(c.Sites, "site"), where, t.Doc.Becomes(c))
	if n := len(report.Differences(c)); n > 0 {
		s += ", with " + report.Count(n, "difference") + " in behaviour"
	}
	if n := len(c.Obstacles()); n > 0 {
		s += ", for " + report.Count(n, "reason")
	}
	return s
}

// choices are the answers; a prefix is enough.
var choices = []struct{ word, help string }{
	{"yes", "change this cluster"},
	{"no", "leave it as it is"},
	{"explain", "what it uses, what differs afterwards, and what stands in the way"},
	{"diff", "what would change if this cluster alone did"},
	{"all", "change this cluster and all that follow"},
	{"quit", "leave this cluster and all that follow; so does the end of the input (Ctrl-D)"},
}

// decide asks about one cluster until the answer is a decision.
func (iv *interview) decide(ctx context.Context, t *text.Writer, c *rewrite.Cluster, i int) (string, error) {
	ask := "convert it to " + iv.target.Path + "?"
	if c.Outcome == rewrite.Shim {
		ask = "move it to the drop-in package?"
	}
	for {
		fmt.Fprintf(iv.w, "%s [y,n,e,d,a,q,?] ", t.Palette.Bold(ask))
		line, err := iv.line(ctx)
		if err != nil {
			return "", err
		}
		switch a := answer(line); a {
		case "explain":
			iv.explain(t, c, i)
		case "diff":
			if err := iv.diff(ctx, c); err != nil {
				return "", err
			}
		case "":
			tab := text.Table{Indent: "  "}
			for _, o := range choices {
				tab.Add(text.Cell{Text: o.word[:1], Mark: t.Palette.Bold}, text.Cell{Text: o.word + ": " + o.help})
			}
			_ = tab.Write(iv.w)
		default:
			return a, nil
		}
	}
}

// line returns the next line of the input, and "quit" at its end.
func (iv *interview) line(ctx context.Context) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case line, ok := <-iv.lines:
		if !ok {
			fmt.Fprintln(iv.w)
			return "quit", nil
		}
		if iv.echo {
			fmt.Fprintln(iv.w, line)
		}
		return line, nil
	}
}

// answer returns the word of the choice that a line begins, or "".
func answer(line string) string {
	line = strings.ToLower(strings.TrimSpace(line))
	for _, c := range choices {
		if line != "" && strings.HasPrefix(c.word, line) {
			return c.word
		}
	}
	return ""
}

// explain writes what is known about a cluster.
func (iv *interview) explain(t *text.Writer, c *rewrite.Cluster, i int) {
	doc := *t.Doc
	doc.Clusters = doc.Clusters[i : i+1]
	one := &text.Writer{Doc: &doc, Palette: t.Palette, Width: t.Width}
	b := new(bytes.Buffer)
	for _, f := range doc.Clusters[0].Files {
		fmt.Fprintf(b, "  %s\n", t.Palette.Cyan(f))
	}
	var rows []wsapi.Mapping
	for _, s := range c.Sites {
		m, ok := wsapi.MappingOf(s.Symbol)
		if ok && !slices.ContainsFunc(rows, func(r wsapi.Mapping) bool { return r.From == m.From }) {
			rows = append(rows, m)
		}
	}
	e := explainer{b: b, p: t.Palette, target: iv.target}
	e.heading("uses:")
	e.list(rows)
	_ = one.Differences(b) // a buffer takes everything
	_ = one.Unconverted(b)
	fmt.Fprintf(b, "\n\"wsmigrate explain WORD\" says more about an identifier, or a word in parentheses\n\n")
	_, _ = iv.w.Write(b.Bytes())
}

// diff writes what would change if a cluster alone did.
func (iv *interview) diff(ctx context.Context, c *rewrite.Cluster) error {
	plan, err := iv.plan(ctx, []string{strconv.Itoa(c.ID)})
	if err != nil {
		return err
	}
	t := iv.text(plan)
	if len(plan.Clusters) == 1 && plan.Clusters[0].Outcome != c.Outcome {
		fmt.Fprintf(iv.w, "alone, this cluster comes out otherwise: %s\n", t.Doc.Becomes(t.Doc.Clusters[0]))
	}
	return text.WriteDiff(iv.w, t.Doc, plan.Changes, t.Palette)
}
