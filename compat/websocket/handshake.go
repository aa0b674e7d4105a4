package websocket

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
)

// protocolVersion is the only value of Sec-WebSocket-Version there is
// (RFC 6455, section 4.1).
const protocolVersion = "13"

// deflateExtension is the one extension that connections can use (RFC 7692).
const deflateExtension = "permessage-deflate"

// noContextTakeover is both the client's offer and the server's answer. The
// answer is not derived from the offer: any offer of permessage-deflate gets it.
const noContextTakeover = deflateExtension + "; server_no_context_takeover; client_no_context_takeover"

// ErrBadHandshake is returned when the server's answer to the opening
// handshake does not switch to the WebSocket protocol.
var ErrBadHandshake = errors.New("websocket: bad handshake")

var (
	errMalformedURL       = errors.New("malformed ws or wss URL")
	errInvalidCompression = errors.New("websocket: invalid compression negotiation")
	errEarlyClientData    = errors.New("websocket: client sent data before handshake is complete")
)

// HandshakeError is the error of a request that is no valid opening
// handshake, or that the Upgrader refuses.
type HandshakeError struct {
	message string
}

// Error returns what is wrong with the handshake.
func (e HandshakeError) Error() string { return e.message }

// IsWebSocketUpgrade reports whether the request asks for an upgrade to the
// WebSocket protocol.
func IsWebSocketUpgrade(r *http.Request) bool {
	return namesWebSocket(r.Header)
}

func namesWebSocket(h http.Header) bool {
	return hasToken(h, "Connection", "upgrade") && hasToken(h, "Upgrade", "websocket")
}

// Subprotocols returns the subprotocols that the client offers in its
// Sec-Websocket-Protocol header, in the client's order.
func Subprotocols(r *http.Request) []string {
	list := strings.TrimSpace(r.Header.Get("Sec-Websocket-Protocol"))
	if list == "" {
		return nil
	}
	offered := strings.Split(list, ",")
	for i, name := range offered {
		offered[i] = strings.TrimSpace(name)
	}
	return offered
}

// namesDeflate reports whether permessage-deflate is among the extensions.
func namesDeflate(h http.Header) bool {
	for _, ext := range parseExtensions(h) {
		if ext.name == deflateExtension {
			return true
		}
	}
	return false
}

// acceptKey returns the Sec-WebSocket-Accept value that answers a challenge
// key (RFC 6455, section 4.2.2).
func acceptKey(challenge string) string {
	sum := sha1.Sum([]byte(challenge + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// newChallengeKey returns a fresh Sec-WebSocket-Key.
func newChallengeKey() (string, error) {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(nonce[:]), nil
}

// isChallengeKey reports whether key is 16 bytes in base64.
func isChallengeKey(key string) bool {
	nonce, err := base64.StdEncoding.DecodeString(key)
	return err == nil && len(nonce) == 16
}
