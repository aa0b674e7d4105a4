// Package drivers holds tests alone. They run the rules under every driver
// that users have: wsmigrate lint, go vet and go fix, golangci-lint, and a
// builder in the manner of Bazel's nogo; over the cases of all rules, which
// must give the same findings everywhere, and over code that is hard to
// analyze, which must fail nowhere.
package drivers
