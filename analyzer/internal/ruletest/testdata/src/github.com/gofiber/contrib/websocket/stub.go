// Package websocket declares the part of the API of Fiber's middleware that
// the rules' test cases use, with the real signatures.
package websocket

import (
	"time"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v2"
)

const (
	TextMessage   = 1
	BinaryMessage = 2
	CloseMessage  = 8
	PingMessage   = 9
	PongMessage   = 10
)

type Config struct {
	Filter            func(*fiber.Ctx) bool
	HandshakeTimeout  time.Duration
	Subprotocols      []string
	Origins           []string
	EnableCompression bool
	RecoverHandler    func(*Conn)
}

func New(handler func(*Conn), config ...Config) fiber.Handler { return nil }

type Conn struct {
	*websocket.Conn
	_ int
}

func (conn *Conn) Locals(key string, value ...interface{}) interface{} { return nil }
func (conn *Conn) Params(key string, defaultValue ...string) string    { return "" }
func IsCloseError(err error, codes ...int) bool                        { return false }
func IsUnexpectedCloseError(err error, expectedCodes ...int) bool      { return false }
func FormatCloseMessage(closeCode int, text string) []byte             { return nil }
func IsWebSocketUpgrade(c *fiber.Ctx) bool                             { return false }
