// Package ruletest runs a rule over its test cases. The cases of every rule
// share one set of stubs of the WebSocket libraries, which lies in testdata
// here and is held against the real modules by a test.
package ruletest
