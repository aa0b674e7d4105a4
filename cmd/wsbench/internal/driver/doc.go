// Package driver makes every WebSocket library do the same few things: serve,
// dial, read whole messages, write one. What a scenario measures is what stands
// between these calls and the network.
package driver
