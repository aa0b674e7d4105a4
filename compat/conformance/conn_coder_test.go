package conformance_test

import (
	"context"
	"testing"

	native "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"

	"github.com/wsmigrate/wsmigrate/compat/coder"
	compat "github.com/wsmigrate/wsmigrate/compat/websocket"
)

// TestConnCoder converts between compat and coder/websocket, in both directions.
func TestConnCoder(t *testing.T) {
	ctx := context.Background()
	for _, compress := range []bool{false, true} {
		for _, server := range []bool{true, false} {
			ours, theirs := connectOver(t, compatLibrary, gorillaLibrary, server, connOptions{compress: compress})
			n := coder.Unwrap(ours.(*compat.Conn))
			if compat.Engine() != "coder" {
				if n != nil {
					t.Error("unwrapped although the engine is another")
				}
				continue
			}
			text := make([]byte, 1000)
			if err := theirs.WriteMessage(gorilla.BinaryMessage, text); err != nil {
				t.Fatal(err)
			}
			if mt, p, err := n.Read(ctx); mt != native.MessageBinary || string(p) != string(text) || err != nil {
				t.Errorf("%v, %q, %v", mt, p, err)
			}
			if err := n.Write(ctx, native.MessageText, text); err != nil {
				t.Fatal(err)
			}
			if mt, p, err := theirs.ReadMessage(); mt != gorilla.TextMessage || string(p) != string(text) || err != nil {
				t.Errorf("%v, %q, %v", mt, p, err)
			}

			for _, wrapped := range []*compat.Conn{ours.(*compat.Conn), coder.Wrap(n)} {
				if coder.Unwrap(wrapped) != n || wrapped.Unwrap() != nil {
					t.Error("not the native connection")
				}
				if err := theirs.WriteMessage(gorilla.TextMessage, []byte("hello")); err != nil {
					t.Fatal(err)
				}
				if mt, p, err := wrapped.ReadMessage(); mt != gorilla.TextMessage || string(p) != "hello" || err != nil {
					t.Errorf("%v, %q, %v", mt, p, err)
				}
				if err := wrapped.WriteJSON("hello"); err != nil {
					t.Fatal(err)
				}
				if _, p, err := theirs.ReadMessage(); string(p) != "\"hello\"\n" || err != nil {
					t.Errorf("%q, %v", p, err)
				}
			}
			if err := theirs.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(4000, "bye")); err != nil {
				t.Fatal(err)
			}
			_, _, err := ours.ReadMessage()
			if e, ok := err.(*compat.CloseError); !ok || *e != (compat.CloseError{Code: 4000, Text: "bye"}) {
				t.Errorf("%T %v", err, err)
			}
		}
	}
}
