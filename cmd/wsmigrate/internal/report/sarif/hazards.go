package sarif

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmigrate/wsmigrate/analyzer"
	"github.com/wsmigrate/wsmigrate/cmd/internal/prose"
)

// Hazards describes the categories of the linter's rules, from what their
// documentation says of them.
func Hazards(suite []*analysis.Analyzer) []Rule {
	var out []Rule
	for _, a := range suite {
		first, rest, _ := strings.Cut(a.Doc, "\n")
		_, summary, _ := strings.Cut(first, ": ")
		for _, c := range prose.Categories(rest) {
			var page bytes.Buffer
			fmt.Fprintf(&page, "**%s/%s**: %s\n", a.Name, c.Name, prose.Text(c.Text))
			prose.Markdown(&page, rest)
			out = append(out, Rule{
				ID: a.Name + "/" + c.Name, Summary: c.Text, Text: sentence(summary) + " Here: " + c.Text,
				Markdown: page.String(), URL: a.URL + "#" + c.Name, Level: surest(c.Text),
			})
		}
	}
	return out
}

// Stale describes what each rule says of directives that take nothing back.
func Stale(suite []*analysis.Analyzer) []Rule {
	var out []Rule
	for _, a := range suite {
		summary := "a //wsmigrate:ignore directive takes back no finding of " + a.Name
		out = append(out, Rule{
			ID: a.Name + "/" + analyzer.Stale, Summary: summary, Text: sentence(summary) + " Remove it.",
			URL: analyzer.DirectivesURL, Level: levels["high"],
		})
	}
	return out
}

// sentence makes a sentence of a phrase.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

var tier = regexp.MustCompile(`(?i)\b(high|medium|low)\b`)

// surest returns the level of the surest tier that the text about a category
// names: one that names none is of high confidence.
func surest(text string) string {
	named := make(map[string]bool)
	for _, t := range tier.FindAllString(text, -1) {
		named[strings.ToLower(t)] = true
	}
	for _, t := range []string{"high", "medium", "low"} {
		if named[t] || len(named) == 0 {
			return levels[t]
		}
	}
	return ""
}
