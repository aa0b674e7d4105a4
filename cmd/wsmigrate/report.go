package main

import (
	"context"
	"fmt"
)

// reportCommand shows the hazards and the plan.
func reportCommand(ctx context.Context, inv *invocation) error {
	prog, err := inv.load(ctx, inv.args)
	if err != nil {
		return err
	}
	doc := inv.document(prog)
	findings, err := inv.lint(ctx, doc, prog)
	if err != nil {
		return err
	}
	doc.SetFindings(findings)
	plan, err := prog.Plan(ctx, inv.previewOptions())
	if err != nil {
		return err
	}
	doc.AddPlan(plan)
	doc.Left = false // a report speaks of what fix can do, with a release of the tool

	if inv.format == "json" {
		err = doc.WriteJSON(&inv.results)
	} else {
		t := inv.text(doc)
		if err = t.Hazards(&inv.results); err == nil {
			err = t.Plan(&inv.results)
		}
	}
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
	fmt.Fprintf(&inv.remarks, "\n%s; %s%s\n", hazards(len(doc.Findings)), doc.SummaryLine(), next)
	return nil
}
