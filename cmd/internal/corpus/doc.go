// Corpus runs wsmigrate over modules that lie on disk, and says in a table
// what became of each: how many sites ended with which outcome, whether the
// module compiles after shim and after fix, and whether the tests that passed
// before still do.
//
//	go run ./cmd/internal/corpus -test ~/src/app ~/src/server
//	go run ./cmd/internal/corpus -cost ~/src/nomad
//	go run ./cmd/internal/corpus -vetcost ~/src/nomad
//
// The modules are never touched: everything happens in copies, which are
// removed at the end. With -test the modules' own tests run; they are foreign
// code. The module's dependencies have to be at hand, as for go build.
package main
