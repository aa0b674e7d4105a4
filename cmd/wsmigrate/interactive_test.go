package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/text"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// Where a cluster comes out otherwise without one that was left, it is asked
// about once more, and nothing else is.
func TestInterviewAsksAgain(t *testing.T) {
	outcomes := func(only []string) map[int]rewrite.Outcome {
		o := map[int]rewrite.Outcome{1: rewrite.Native, 2: rewrite.Native, 3: rewrite.Native, 4: rewrite.Pinned}
		if only != nil && !slices.Contains(only, "2") {
			o[3] = rewrite.Shim // depends on 2
		}
		return o
	}
	plan := func(only []string) *rewrite.Plan {
		p := new(rewrite.Plan)
		for id, name := range []string{"", "one", "two", "three", "four"} {
			o := outcomes(only)[id]
			if id > 0 && (only == nil || slices.Contains(only, string(rune('0'+id)))) {
				p.Clusters = append(p.Clusters, &rewrite.Cluster{ID: id, Name: name, Outcome: o, Moves: o != rewrite.Pinned})
			}
		}
		return p
	}
	tests := []struct {
		answers      string
		asked        []string // clusters, in order
		done         []string // what the plan has in the end
		left, chosen string
	}{
		{"y y y", []string{"one", "two", "three"}, []string{"one native", "two native", "three native", "four pinned"}, "", "1,2,3"},
		{"y n y y", []string{"one", "two", "three", "three"}, []string{"one native", "three shim", "four pinned"}, "2, two", "1,3"},
		{"y n y n", []string{"one", "two", "three", "three"}, []string{"one native", "four pinned"}, "2, two; 3, three", "1"},
		{"n n n", []string{"one", "two", "three"}, nil, "1, one; 2, two; 3, three", ""},
		{"n a", []string{"one", "two"}, []string{"two native", "three native", "four pinned"}, "1, one", "2,3"},
		{"y q", []string{"one", "two"}, []string{"one native", "four pinned"}, "2, two; 3, three", "1"},
		{"y", []string{"one", "two"}, []string{"one native", "four pinned"}, "2, two; 3, three", "1"},
	}
	for _, tt := range tests {
		t.Run(tt.answers, func(t *testing.T) {
			var w bytes.Buffer
			iv := &interview{
				lines: lines(strings.NewReader(strings.Join(strings.Fields(tt.answers), "\n"))), echo: true, w: &w, target: wsapi.TargetNhooyr,
				plan: func(_ context.Context, only []string) (*rewrite.Plan, error) { return plan(only), nil },
				text: func(p *rewrite.Plan) *text.Writer {
					doc := report.New("/src", "")
					doc.AddPlan(p)
					return &text.Writer{Doc: doc}
				},
			}
			got, err := iv.run(context.Background(), plan(nil))
			if err != nil {
				t.Fatal(err)
			}
			var asked, done []string
			for line := range strings.Lines(w.String()) {
				if _, rest, ok := strings.Cut(line, ") cluster "); ok {
					_, name, _ := strings.Cut(rest, ", ")
					asked = append(asked, name[:strings.IndexByte(name, ':')])
				}
			}
			for _, c := range got.Clusters {
				done = append(done, c.Name+" "+string(c.Outcome))
			}
			if !slices.Equal(asked, tt.asked) || !slices.Equal(done, tt.done) {
				t.Errorf("asked about %q, want %q; done %q, want %q\n%s", asked, tt.asked, done, tt.done, w.String())
			}
			if got := strings.ReplaceAll(strings.Join(iv.left, "; "), "cluster ", ""); got != tt.left {
				t.Errorf("left %q, want %q", got, tt.left)
			}
			if got := strings.Join(iv.chosen, ","); got != tt.chosen {
				t.Errorf("chosen %q, want %q", got, tt.chosen)
			}
		})
	}
}

// Ctrl-C ends a question that nobody answers.
func TestInterviewInterrupted(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancel(context.Background())
	iv := &interview{lines: lines(r), w: io.Discard}
	cancel()
	if _, err := iv.line(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
