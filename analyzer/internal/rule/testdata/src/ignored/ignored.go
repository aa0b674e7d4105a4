// Package ignored has directives in every place.
package ignored

import "github.com/gorilla/websocket"

func places(c *websocket.Conn) {
	c.Close() //wsmigrate:ignore wsfoo at the end of the line

	//wsmigrate:ignore wsfoo/close above it
	c.Close()

	//wsmigrate:ignore wsfoo above it, but with a line between // want `wsfoo reports nothing here`

	// and this
	c.Close() // want `Close`

	//wsmigrate:ignore wsbar of another rule
	//wsmigrate:ignore wsfoo the first of two in a group
	// with words behind them
	c.Close()

	c.Close() //wsmigrate:ignore wsfoo not for the next line
	c.Close() // want `Close`

	if c != nil { //wsmigrate:ignore wsfoo // want `wsfoo reports nothing here`
		c.Close() // want `Close`
	} //wsmigrate:ignore wsfoo behind a brace // want `wsfoo reports nothing here`
	c.Close() // want `Close`
}

//wsmigrate:ignore wsfoo above a function // want `wsfoo reports nothing here`

func names(c *websocket.Conn) {
	//wsmigrate:ignore wsbar,wsfoo several rules
	c.Close()

	//wsmigrate:ignore wsbar,wsbaz several others
	c.Close() // want `Close`

	//wsmigrate:ignore wsfoo/read another category // want `wsfoo/read reports nothing here`
	c.Close() // want `Close`

	//wsmigrate:ignore wsfoo/close the one
	//wsmigrate:ignore wsfoo/read and the other
	both(c, c.Close(), c.SetReadDeadline)

	//wsmigrate:ignore wsfo of no rule
	c.Close() // want `Close`

	//wsmigrate:ignore
	c.Close() // want `Close`

	// wsmigrate:ignore wsfoo which is a sentence
	c.Close() // want `Close`
}

func both(any, error, any) {}

func reasons(c *websocket.Conn) {
	//wsmigrate:ignore wsfoo
	c.Close() // want `Close`

	c.Close() /* want `Close` */ //wsmigrate:ignore wsfoo
}

// Below the tier that is asked for a directive is needed as well.
func tiers(c *websocket.Conn) {
	//wsmigrate:ignore wsfoo/low of low confidence
	c.ReadMessage()
}
