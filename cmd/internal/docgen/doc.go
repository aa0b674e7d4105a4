// Docgen writes the documentation that follows from data in the code, so that
// the two cannot drift apart.
//
//	go run ./cmd/internal/docgen          write what is stale
//	go generate ./cmd/internal/docgen     the same
//
// What it generates is the list generated. Its test fails while a file on
// disk differs from what docgen would write, or is one of a rule that is gone.
package main

//go:generate go run . -C ../../..
