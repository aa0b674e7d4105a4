// Release tags a version of this repository's modules and builds the binaries
// that are published with it. It pushes nothing.
//
//	go run ./cmd/internal/release tag v0.1.0
//	go run ./cmd/internal/release build v0.1.0 DIR
//
// Whoever has the tag and the same Go release gets the same binaries, byte by
// byte; DIR/SHA256SUMS has their checksums. docs/hacking.md has the whole
// recipe.
package main
