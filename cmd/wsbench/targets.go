package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/scenario"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/target"
)

// runTargets judges reports, or a run of its own.
func runTargets(ctx context.Context, inv *invocation) (int, error) {
	r, err := readReports(inv.args)
	if err == nil && len(inv.args) == 0 {
		var list []scenario.Scenario
		for _, name := range []string{"echo", "stream", "broadcast", "deflate", "api", "idle"} {
			s, err := scenario.Find(name)
			if err != nil {
				return 0, err
			}
			list = append(list, s)
		}
		if r, err = inv.collect(ctx, list); err == nil {
			err = inv.write(r)
		}
		fmt.Fprintln(inv.stdout)
	}
	if err != nil {
		return 0, err
	}
	verdicts := target.Judge(r)
	if err := target.Write(inv.stdout, verdicts); err != nil {
		return 0, err
	}
	if slices.ContainsFunc(verdicts, func(v target.Verdict) bool { return !v.Met() }) || len(r.Flaws()) > 0 {
		return statusFlawed, nil
	}
	return statusFine, nil
}

// readReports reads the first report, with the results of the others added.
func readReports(names []string) (*report.Report, error) {
	var all *report.Report
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		r, err := report.ReadJSON(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if all == nil {
			all = r
			continue
		}
		all.Results = append(all.Results, r.Results...)
		all.Notes = append(all.Notes, r.Notes...)
		all.Seconds += r.Seconds
		all.Command += "; " + r.Command
	}
	return all, nil
}
