package main

import (
	"context"
	"fmt"
	"io"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// reportCommand shows the hazards and the plan.
func reportCommand(ctx context.Context, inv *invocation) error {
	doc, err := inv.examined(ctx, func(doc *report.Document, prog *rewrite.Program) error {
		if err := inv.lint(ctx, doc, prog, everything); err != nil {
			return err
		}
		plan, err := prog.Plan(ctx, inv.previewOptions())
		if err != nil {
			return err
		}
		doc.AddPlan(plan)
		doc.Left = false // a report speaks of what fix can do, with a release of the tool
		return nil
	})
	if err != nil {
		return err
	}

	next := ""
	if doc.Summary.Sites > 0 {
		inv.status = exitFound
		next = "; \"wsmigrate fix\" shows the diff"
	}
	if len(doc.Findings) > 0 {
		inv.status = exitFound
	}
	err = inv.render(doc, func(w io.Writer) error {
		t := inv.text(doc)
		if err := t.Hazards(w); err != nil {
			return err
		}
		return t.Plan(w)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(&inv.remarks, "\n%s; %s%s\n", hazards(len(doc.Findings)), doc.SummaryLine(), next)
	return nil
}
