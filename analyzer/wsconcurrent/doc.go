// Package wsconcurrent defines a rule about WebSocket connections.
//
// # Analyzer wsconcurrent
//
// wsconcurrent: report goroutines that use one connection at the same time
package wsconcurrent
