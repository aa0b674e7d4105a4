// Command interop tries compat with real WebSocket libraries: a browser and
// clients in JavaScript and Python against a compat server, and a compat client
// against servers in JavaScript and Python, directly and through nginx and
// haproxy, with and without TLS, with and without permessage-deflate, on each
// engine. It prints a table of what works. It finds the programs on this
// machine and installs them when it is told to.
//
//	go run ./compat/conformance/interop -install
//
// All programs play scripts (script.go): a list of steps for the client and
// one for the server, which travels in the URL. They report what they saw, and
// the command judges it (battery.go, judge.go), with the help of a meter that
// reads the frames on compat's connection (meter.go). A cell of the table is
// one battery, run on one route between one library and compat.
//
// compat itself plays scripts in a child process for each engine (peer.go),
// the programs in scripts do so for the libraries, and the browser is driven
// over its DevTools protocol, for which compat is the client (chromium.go).
package main
