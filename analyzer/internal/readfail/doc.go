// Package readfail plays through what a function does after a call on a
// WebSocket connection has failed: it follows the error along the paths of the
// control-flow graph, through comparisons, type assertions, errors.Is and its
// like, and the package's own functions, to see whether the loop around the call
// comes back to it with the same connection.
package readfail
