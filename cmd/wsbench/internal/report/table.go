package report

// table is the part of a report that is one table: what was measured of every
// library in one case of a scenario.
type table struct {
	scenario, kase string
	columns        []string
	rows           [][]string
}

// tables returns the tables of a report, in the order of its results.
func (r *Report) tables() []*table {
	var all []*table
	byCase := make(map[[2]string]*table)
	base := ""
	if len(r.Libraries) > 0 {
		base = r.Libraries[0].Name
	}
	for _, x := range r.Results {
		key := [2]string{x.Scenario, x.Case}
		t := byCase[key]
		if t == nil {
			t = &table{scenario: x.Scenario, kase: x.Case, columns: r.columns(key)}
			byCase[key] = t
			all = append(all, t)
		}
		t.rows = append(t.rows, r.row(t, &x, base))
	}
	return all
}

// columns returns the names of what was measured in a case.
func (r *Report) columns(key [2]string) []string {
	columns := []string{"library"}
	seen := make(map[string]bool)
	for _, x := range r.Results {
		if [2]string{x.Scenario, x.Case} != key {
			continue
		}
		for _, m := range x.Metrics {
			if seen[m.Name] {
				continue
			}
			seen[m.Name] = true
			columns = append(columns, m.Name)
			if m.Ratio {
				columns = append(columns, ratioColumn)
			}
		}
	}
	if key[0] == Table {
		columns = append(columns, articleColumns...)
	}
	return columns
}

const ratioColumn = "ratio"

func (r *Report) row(t *table, x *Result, base string) []string {
	row := []string{r.Title(x.Library)}
	if x.Failed > 0 && x.Metrics == nil {
		return append(row, "failed: "+x.Failure)
	}
	last := ""
	measured := t.columns[1:]
	if x.Scenario == Table {
		measured = measured[:len(measured)-len(articleColumns)]
	}
	for _, name := range measured {
		if name == ratioColumn {
			row = append(row, ratioText(r.Ratio(x.Scenario, x.Case, last, x.Library, base)))
			continue
		}
		last = name
		cell := "-"
		if m := x.Metric(name); m != nil {
			cell = m.Cell()
		}
		row = append(row, cell)
	}
	if x.Scenario == Table {
		row = append(row, articleCells(x.Library)...)
	}
	return row
}
