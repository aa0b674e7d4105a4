package prose

import (
	"go/doc/comment"
	"strings"
)

// A Category is an item of the list below "Categories:" in a rule's doc.
type Category struct {
	Name string
	Text string // what follows its name, on one line, without markup
}

// Categories returns the categories that a rule's doc comment lists.
func Categories(text string) []Category {
	var out []Category
	doc := new(comment.Parser).Parse(text)
	for i, block := range doc.Content {
		list, ok := block.(*comment.List)
		if !ok || i == 0 || !isCategories(doc.Content[i-1]) {
			continue
		}
		for _, item := range list.Items {
			var parts []string
			for _, c := range item.Content {
				if p, ok := c.(*comment.Paragraph); ok {
					parts = append(parts, plain(p.Text))
				}
			}
			if name, text, ok := strings.Cut(strings.Join(parts, " "), ": "); ok && !strings.Contains(name, " ") {
				out = append(out, Category{name, text})
			}
		}
	}
	return out
}
