package drivers

import (
	"encoding/json"
	"testing"
)

// lint runs wsmigrate lint at every tier, over the packages or all.
func (tr *tree) lint(packages ...string) []finding {
	tr.t.Helper()
	stdout, _ := tr.run([]int{0, 1}, wsmigrate(tr.t), append([]string{"lint", "-confidence=low", "-format=json"}, packages...)...)
	var doc struct {
		Findings []struct {
			Rule, Category, Message, Posn, End string
			Related                            []struct{ Posn, Message string }
		}
	}
	if err := json.Unmarshal([]byte(stdout), &doc); err != nil {
		tr.t.Fatal(err)
	}
	var list []finding
	for _, f := range doc.Findings {
		found := finding{rule: f.Rule, category: f.Category, message: f.Message, posn: f.Posn, end: f.End}
		for _, r := range f.Related {
			found.related = append(found.related, related{r.Posn, r.Message})
		}
		list = append(list, found)
	}
	return list
}

// reference is what lint says of the packages that every driver takes.
func reference(t *testing.T, tr *tree) []finding {
	t.Helper()
	list := tr.lint(tr.pkg...)
	if len(list) == 0 {
		t.Fatal("lint finds nothing")
	}
	return list
}
