package rule

import (
	"fmt"
	"go/parser"
	"go/token"
	"strings"
)

// extractDoc returns the section "# Analyzer name" of the package comment in
// the Go source src, without its heading. The section must start with a line
// "name: summary". A rule without it is a mistake in this module, caught by
// any test, hence the panic.
func extractDoc(src, name string) string {
	doc, err := sectionOf(src, name)
	if err != nil {
		panic(fmt.Sprintf("extract the doc of %s: %v", name, err))
	}
	return doc
}

func sectionOf(src, name string) (string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", src, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		return "", err
	}
	if file.Doc == nil {
		return "", fmt.Errorf("there is no package comment")
	}
	_, rest, found := strings.Cut(file.Doc.Text(), "# Analyzer "+name+"\n")
	if !found {
		return "", fmt.Errorf("there is no section %q", "# Analyzer "+name)
	}
	// The subsections that follow belong to the rule; only another rule ends it.
	if next := strings.Index(rest, "\n# Analyzer "); next >= 0 {
		rest = rest[:next]
	}
	rest = strings.TrimSpace(rest)
	if !strings.HasPrefix(rest, name+": ") {
		return "", fmt.Errorf("the section does not start with %q", name+": ")
	}
	return rest, nil
}
