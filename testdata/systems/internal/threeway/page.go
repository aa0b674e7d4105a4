package threeway

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	codeOfPage = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	indents    = regexp.MustCompile(`(?m)^[ \t]+`)
)

// comparePage holds the system's page of the documentation against the code:
// each block of Go on it has to be in the original or in what became of it,
// and there have to be blocks of both.
func comparePage(t *testing.T, w *workshop, original, rewritten string) {
	t.Helper()
	page := filepath.Join(w.root, "docs", "systems", w.name+".md")
	text := func(dir string) string {
		var b strings.Builder
		for name, data := range w.files(dir) {
			if strings.HasSuffix(name, ".go") {
				b.WriteString(data)
			}
		}
		return indents.ReplaceAllString(b.String(), "")
	}
	data, err := os.ReadFile(page)
	if err != nil {
		t.Error(err)
		return
	}
	before, after := text(original), text(rewritten)
	var ofBefore, ofAfter int
	for _, m := range codeOfPage.FindAllStringSubmatch(string(data), -1) {
		code := indents.ReplaceAllString(m[1], "")
		switch {
		case strings.Contains(before, code):
			ofBefore++
		case strings.Contains(after, code):
			ofAfter++
		default:
			t.Errorf("%s has code that is in no version:\n%s", page, m[1])
		}
	}
	if ofBefore == 0 || ofAfter == 0 {
		t.Errorf("%s shows %d pieces of the original and %d of the rewritten version", page, ofBefore, ofAfter)
	}
}
