package rules_test

import (
	"fmt"

	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// A rule says what it does; the help, docs/rules and SARIF take it from there.
func ExampleAll() {
	for _, r := range rules.All() {
		if r.Name == "limit" {
			fmt.Println(r.Doc)
		}
	}
	// Output:
	// SetReadLimit keeps its name. gorilla has no limit until it is called, and takes 0 for none; the target starts at
	// 32768 bytes and takes only negative numbers for none, so a limit of 0 or less becomes -1, and connections whose
	// reads no SetReadLimit precedes get SetReadLimit(-1) where they are made. gorilla counts the bytes on the wire, the
	// target counts them decompressed.
}
