// Package wsapi states what the identifiers of Go's WebSocket libraries mean:
// which functions write, read, close, upgrade or dial, what a library allows
// to run concurrently, which Origin check applies when none is configured,
// and what each exported identifier of github.com/gorilla/websocket becomes
// in nhooyr.io/websocket and github.com/coder/websocket.
//
// The package holds data and look-ups only. Linters, the rewriter and the
// generated documentation all read it, so that a fact is written once; its
// tests hold every row against the real modules.
package wsapi
