// Vetonly is what wsmigrate is measured against as a tool of go vet: the
// analyzers that go vet has, built from the same modules, and nothing else.
package main

import (
	"golang.org/x/tools/go/analysis/suite/vet"
	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() { unitchecker.Main(vet.Suite...) }
