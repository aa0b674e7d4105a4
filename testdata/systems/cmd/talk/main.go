// Command talk is a client to try the systems with: it sends each line of its
// input as a text message and prints what comes.
//
//	talk -H 'Authorization: Bearer …' ws://127.0.0.1:8084/rooms/lobby
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

func main() {
	log.SetFlags(0)
	header := http.Header{}
	flag.Func("H", "a header `line` of the handshake; may be repeated", func(line string) error {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return errors.New("no colon in it")
		}
		header.Add(name, strings.TrimSpace(value))
		return nil
	})
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: talk [-H 'Name: value'] URL")
	}
	if err := talk(flag.Arg(0), header); err != nil {
		log.Fatal(err)
	}
}

func talk(url string, header http.Header) error {
	conn, br, _, err := ws.Dialer{Header: ws.HandshakeHeaderHTTP(header)}.Dial(context.Background(), url)
	if err != nil {
		return err
	}
	defer conn.Close()
	go func() {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if err := wsutil.WriteClientText(conn, lines.Bytes()); err != nil {
				return
			}
		}
	}()
	in := &wsutil.Reader{Source: conn, State: ws.StateClientSide, OnIntermediate: wsutil.ControlFrameHandler(conn, ws.StateClientSide)}
	if br != nil {
		in.Source = br
	}
	control := wsutil.ControlFrameHandler(conn, ws.StateClientSide)
	for {
		h, err := in.NextFrame()
		if err != nil {
			return err
		}
		if h.OpCode.IsControl() {
			if err := control(h, in); err != nil {
				return err
			}
			continue
		}
		text := bufio.NewReader(in)
		if _, err := text.WriteTo(os.Stdout); err != nil {
			return err
		}
		fmt.Println()
	}
}
