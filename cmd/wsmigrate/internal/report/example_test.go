package report_test

import (
	"fmt"
	"os"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A document about nothing has all the fields that docs/json.md promises.
func ExampleDocument_WriteJSON() {
	doc := report.New("/src", "nhooyr.io/websocket")
	if err := doc.WriteJSON(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {
	//   "version": 1,
	//   "modules": [],
	//   "target": "nhooyr.io/websocket",
	//   "findings": [],
	//   "clusters": [],
	//   "skipped": [],
	//   "summary": {
	//     "packages": 0,
	//     "sites": 0,
	//     "native": 0,
	//     "helpers": 0,
	//     "shim": 0,
	//     "pinned": 0,
	//     "findings": 0
	//   }
	// }
}
