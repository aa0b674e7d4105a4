package coderws

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

func client(ctx context.Context, url string) error {
	conn, _, err := websocket.Dial(ctx, url, nil) // want `the connection is read with the limit of 32768 bytes that coder sets: a larger message makes Read at coder.go:18 fail`
	if err != nil {
		return err
	}
	for {
		if _, _, err := conn.Read(ctx); err != nil {
			return err
		}
	}
}

func server(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `Reader at coder.go:29 fail`
	if err != nil {
		return
	}
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	io.Copy(io.Discard, body)
}

func off(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(-1) // want `this switches the read limit of coder off`
	conn.Read(r.Context())
}

// Zero is not what it is with gorilla.
func zero(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(0) // want `SetReadLimit\(0\) lets coder read nothing but empty messages: with the first other one Read at coder.go:52 fails .*; -1 switches the limit off`
	conn.Read(r.Context())
}

// A block of fixed size does not fit.
func block(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `32768`
	if err != nil {
		return
	}
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	buf := make([]byte, 64<<10)
	io.ReadFull(body, buf) // want `this asks a message for 65536 bytes, and the limit is the 32768 that coder sets`
}

func copyN(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(100_000)
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	var b bytes.Buffer
	io.CopyN(&b, body, 100_001) // want `100001 bytes, and the limit is 100000, set at coder.go:74`
}

func atLeast(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(1000)
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	buf := make([]byte, 4096)
	io.ReadAtLeast(body, buf, 1001) // want `1001 bytes`
}

const maxPacket = 1 << 20

// Messages that the code has in mind never arrive.
func check(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `32768`
	if err != nil {
		return
	}
	_, p, err := conn.Read(r.Context())
	if err != nil || len(p) > maxPacket { // want `this expects messages of up to 1048576 bytes, and the limit is the 32768 that coder sets`
		return
	}
}

func limitReader(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil) // want `32768`
	if err != nil {
		return
	}
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	io.ReadAll(io.LimitReader(body, maxPacket)) // want `expects messages of up to 1048576`
}

// From here on, all is well.

func limited(ctx context.Context, url string) error {
	conn, _, err := websocket.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	conn.SetReadLimit(maxPacket)
	_, p, err := conn.Read(ctx)
	if len(p) > maxPacket/2 {
		return io.ErrShortBuffer
	}
	return err
}

func fits(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(65536)
	_, body, err := conn.Reader(r.Context())
	if err != nil {
		return
	}
	io.ReadFull(body, make([]byte, 65536))
}

// Zero first, and more once the peer is known.
func later(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(0)
	conn.SetReadLimit(4096)
	conn.Read(r.Context())
}

// Nothing is expected from this peer.
func silent(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	conn.SetReadLimit(0)
	ctx := conn.CloseRead(r.Context())
	conn.Write(ctx, websocket.MessageText, nil)
}

func Hand(w http.ResponseWriter, r *http.Request) (*websocket.Conn, error) {
	return websocket.Accept(w, r, nil)
}
