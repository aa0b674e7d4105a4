// Package engine is what compat asks of the WebSocket library below it: five
// calls, the registry that says which library answers them, the handshakes in
// memory that give an engine a connection it did not negotiate, and [Link],
// which uses an engine as the codec of one connection.
package engine
