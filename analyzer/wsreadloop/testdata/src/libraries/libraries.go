// Package libraries holds the loops of the other libraries.
package libraries

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"time"

	coder "github.com/coder/websocket"
	fasthttp "github.com/fasthttp/websocket"
	"github.com/gobwas/ws/wsutil"
	xnet "golang.org/x/net/websocket"
	nhooyr "nhooyr.io/websocket"
	"nhooyr.io/websocket/wsjson"
)

func fasthttpBad(conn *fasthttp.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil { // want `the loop goes on when ReadMessage fails; with fasthttp`
			continue
		}
	}
}

func fasthttpGood(conn *fasthttp.Conn) {
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
	}
}

func coderBad(ctx context.Context, conn *coder.Conn) {
	for {
		_, p, err := conn.Read(ctx) // want `the loop goes on when Read fails; with coder`
		if err != nil {
			log.Println(err)
			continue
		}
		log.Println(p)
	}
}

func coderReader(ctx context.Context, conn *coder.Conn) {
	for ctx.Err() == nil {
		_, r, err := conn.Reader(ctx) // want `the loop goes on when Reader fails with a reset connection; with coder`
		if coder.CloseStatus(err) == coder.StatusNormalClosure {
			return
		}
		if err != nil {
			continue
		}
		io.Copy(io.Discard, r)
	}
}

// CloseStatus is -1 for everything but a close frame.
func coderStatus(ctx context.Context, conn *coder.Conn) {
	for {
		_, _, err := conn.Read(ctx) // want `the loop goes on when Read fails with a reset connection; with coder`
		if coder.CloseStatus(err) != -1 {
			return
		}
	}
}

func coderGood(ctx context.Context, conn *coder.Conn) error {
	for {
		_, p, err := conn.Read(ctx)
		if coder.CloseStatus(err) == coder.StatusNormalClosure {
			return nil
		}
		if err != nil {
			return err
		}
		log.Println(p)
	}
}

func coderCloseRead(ctx context.Context, conn *coder.Conn) {
	ctx = conn.CloseRead(ctx)
	for ctx.Err() == nil {
		conn.Ping(ctx)
	}
}

func nhooyrBad(ctx context.Context, conn *nhooyr.Conn) {
	for {
		var v any
		if err := wsjson.Read(ctx, conn, &v); err != nil { // want `the loop goes on when Read fails; with nhooyr`
			continue
		}
	}
}

func nhooyrGood(ctx context.Context, conn *nhooyr.Conn) {
	for {
		var v any
		if err := wsjson.Read(ctx, conn, &v); err != nil {
			return
		}
	}
}

func gobwasBad(conn net.Conn) {
	for {
		p, op, err := wsutil.ReadClientData(conn) // want `the loop goes on when ReadClientData fails; with gobwas`
		if err != nil {
			log.Println(err)
			continue
		}
		wsutil.WriteServerMessage(conn, op, p)
	}
}

func gobwasEOF(conn net.Conn) {
	for {
		_, _, err := wsutil.ReadClientData(conn) // want `the loop goes on when ReadClientData fails with a reset connection; with gobwas`
		if err == io.EOF {
			return
		}
	}
}

// A net.Conn survives a timeout.
func gobwasTimeout(conn net.Conn) {
	for {
		conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _, err := wsutil.ReadClientData(conn)
		var ne net.Error
		if errors.As(err, &ne) && ne.Timeout() {
			continue
		}
		if err != nil {
			return
		}
	}
}

func gobwasMessages(conn net.Conn) {
	var list []wsutil.Message
	for {
		var err error
		list, err = wsutil.ReadClientMessage(conn, list[:0]) // want `the loop goes on when ReadClientMessage fails`
		if err != nil {
			log.Println(err)
		}
	}
}

func xnetBad(conn *xnet.Conn) {
	for {
		var v any
		if err := xnet.JSON.Receive(conn, &v); err != nil { // want `the loop goes on when Receive fails; with xnet`
			log.Println(err)
			continue
		}
	}
}

func xnetReset(conn *xnet.Conn) {
	for {
		p := make([]byte, 512)
		_, err := conn.Read(p) // want `the loop goes on when Read fails with a reset connection; with xnet`
		if err == io.EOF {
			break
		}
	}
}

func xnetGood(conn *xnet.Conn) {
	for {
		var v any
		if err := xnet.JSON.Receive(conn, &v); err != nil {
			if err == io.EOF {
				return
			}
			break
		}
	}
}
