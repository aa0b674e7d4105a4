package main

import (
	"fmt"
	"os"
	"strings"
)

// The beginnings of the tables' header rows, by which they are found.
const (
	moduleHead  = "| set | repository |"
	ruleHead    = "| set | finding |"
	verdictHead = "| repository | place |"
)

// A page is the document with the tables.
type page struct {
	lines    []string
	modules  []*module
	verdicts []*verdict
}

// A module is a row of the first table.
type module struct {
	Set    string // of which figures are added up
	Repo   string // OWNER/NAME
	Commit string
	Folder string // of the go.mod
}

// A verdict is a row of the third table.
type verdict struct {
	repo, place, finding string // OWNER/NAME, file:line in the repository, rule/category
	right                bool
}

func readPage(name string) (*page, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	p := &page{lines: strings.Split(string(text), "\n")}
	for _, row := range p.rows(moduleHead) {
		if len(row) < 4 || row[1] == "" || row[2] == "" {
			return nil, fmt.Errorf("read %s: the row %q has no set, repository, commit and folder", name, row)
		}
		p.modules = append(p.modules, &module{row[0], row[1], row[2], row[3]})
	}
	if len(p.modules) == 0 {
		return nil, fmt.Errorf("read %s: no table begins with %s", name, moduleHead)
	}
	for _, row := range p.rows(verdictHead) {
		if len(row) < 5 || row[3] != "true" && row[3] != "false" || row[4] == "" {
			return nil, fmt.Errorf("read %s: the row %q has no repository, place, finding, true or false, and why", name, row)
		}
		p.verdicts = append(p.verdicts, &verdict{row[0], row[1], row[2], row[3] == "true"})
	}
	return p, nil
}

// table returns the numbers of the first line behind the header and its rule,
// and of the first behind the table; 0 and 0 if there is none.
func (p *page) table(head string) (from, to int) {
	for i, line := range p.lines {
		if !strings.HasPrefix(line, head) {
			continue
		}
		for to = i; to < len(p.lines) && strings.HasPrefix(p.lines[to], "|"); to++ {
		}
		return min(i+2, to), to
	}
	return 0, 0
}

// rows returns the cells of a table.
func (p *page) rows(head string) [][]string {
	from, to := p.table(head)
	var rows [][]string
	for _, line := range p.lines[from:to] {
		var row []string
		for _, cell := range strings.Split(strings.Trim(line, "|"), "|") {
			row = append(row, strings.Trim(strings.TrimSpace(cell), "`"))
		}
		rows = append(rows, row)
	}
	return rows
}

// replace writes the rows of a table anew and reports whether they differ.
func (p *page) replace(head string, rows []string) (changed bool) {
	from, to := p.table(head)
	if strings.Join(p.lines[from:to], "\n") == strings.Join(rows, "\n") {
		return false
	}
	p.lines = append(p.lines[:from:from], append(rows, p.lines[to:]...)...)
	return true
}
