package report

// Table is the scenario that has the columns of the article.
const Table = "table"

// Leak is the metric that stands for the article's leak rate.
const Leak = "live heap a connection"

// article is what the article claims. None of it was measured here, and it
// gives no method.
var article = map[string][]string{
	"gorilla": {"0.0012 %", "8.7 ms", "92.4 %"},
	"nhooyr":  {"0.0003 %", "4.2 ms", "99.8 %"},
	"gobwas":  {"0.0007 %", "5.1 ms", "97.6 %"},
}

var articleColumns = []string{"article: leak rate in 72 h", "article: P99", "article: reconnected"}

// articleCells returns what the article says of a library.
func articleCells(library string) []string {
	if cells := article[library]; cells != nil {
		return cells
	}
	return []string{"-", "-", "-"}
}
