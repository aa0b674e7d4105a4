// Package wsorigin defines a rule about WebSocket connections.
//
// # Analyzer wsorigin
//
// wsorigin: reports handshakes that accept any Origin
package wsorigin
