package websocket

// Message types. Their values are the opcodes of RFC 6455, section 11.8.
const (
	// TextMessage is a data message of UTF-8 text. The text is not validated.
	TextMessage = 1

	// BinaryMessage is a data message of bytes.
	BinaryMessage = 2

	// CloseMessage is a close control message. FormatCloseMessage makes its
	// optional payload of a code and a text.
	CloseMessage = 8

	// PingMessage is a ping control message with an optional payload.
	PingMessage = 9

	// PongMessage is a pong control message with an optional payload.
	PongMessage = 10
)
