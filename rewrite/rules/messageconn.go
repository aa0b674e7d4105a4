package rules

import "strings"

// messageConnHelpers returns the helpers that make a type whose methods need
// no context, for interfaces that ask for such methods.
func messageConnHelpers(a adapter, wrapper string) []Helper {
	typ, embedded, typeImports := a.around(wrapper), "*"+wrapper, []string(nil)
	if wrapper == "" {
		embedded, typeImports = "*websocket.Conn", []string{"TARGET"}
	}
	recv, source, write := typ, messageConnHelper, messageWriteHelper
	writeImports := []string{"context", "errors", "TARGET"}
	if a != messageAdapter {
		source, write = controlConnHelper, controlWriteHelper
		typeImports = append(typeImports, "context", "errors", "os", "time")
		writeImports = []string{"context", "time", "TARGET"}
	}
	if a == pongAdapter {
		recv, source = "*"+typ, pongConnHelper
		typeImports = append(typeImports, "sync/atomic")
	}
	r := strings.NewReplacer("RECV", recv, "TYPE", typ, "EMBEDDEDNAME", strings.TrimPrefix(embedded[1:], "websocket."), "EMBEDDED", embedded)
	h := func(method, source string, imports ...string) Helper {
		name := typ
		if method != "" {
			name += "." + method
		}
		return Helper{name, imports, r.Replace(source)}
	}
	return []Helper{
		h("", source, typeImports...),
		h("ReadMessage", messageReadHelper, "context"),
		h("WriteMessage", write, writeImports...),
		h("ReadJSON", messageReadJSONHelper, "bytes", "context", "encoding/json", "io"),
		h("WriteJSON", messageWriteJSONHelper, "bytes", "context", "encoding/json", "TARGET"),
		h("NextReader", messageReaderHelper, "bytes", "context", "io"),
		h("NextWriter", messageCollectHelper, "bytes", "context", "errors", "io", "TARGET"),
		h("SetReadLimit", messageLimitHelper),
		h("Close", messageCloseHelper),
	}
}

const messageConnHelper = `
// A TYPE is a connection with methods that take no context.
type TYPE struct{ EMBEDDED }
`

const messageReadHelper = `
// ReadMessage reads a message.
func (c RECV) ReadMessage() (int, []byte, error) {
	typ, p, err := c.Read(context.Background())
	return int(typ), p, err
}
`

const messageWriteHelper = `
// WriteMessage writes a text or binary message.
func (c RECV) WriteMessage(typ int, p []byte) error {
	if t := websocket.MessageType(typ); t == websocket.MessageText || t == websocket.MessageBinary {
		return c.Write(context.Background(), t, p)
	}
	return errors.New("not a type of messages")
}
`

const messageReadJSONHelper = `
// ReadJSON reads a message and decodes the first JSON value in it into v. A
// message that does not decode leaves the connection open.
func (c RECV) ReadJSON(v any) error {
	_, p, err := c.Read(context.Background())
	if err != nil {
		return err
	}
	err = json.NewDecoder(bytes.NewReader(p)).Decode(v)
	if err == io.EOF {
		return io.ErrUnexpectedEOF // one value is expected
	}
	return err
}
`

const messageWriteJSONHelper = `
// WriteJSON writes v as JSON.
func (c RECV) WriteJSON(v any) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	return c.Write(context.Background(), websocket.MessageText, b.Bytes())
}
`

const messageReaderHelper = `
// NextReader reads a message and returns a reader of it.
func (c RECV) NextReader() (int, io.Reader, error) {
	typ, p, err := c.Read(context.Background())
	if err != nil {
		return 0, nil, err
	}
	return int(typ), bytes.NewReader(p), nil
}
`

const messageCollectHelper = `
// NextWriter returns a writer that collects a message and writes it when it is
// closed.
func (c RECV) NextWriter(typ int) (io.WriteCloser, error) {
	if t := websocket.MessageType(typ); t == websocket.MessageText || t == websocket.MessageBinary {
		return &TYPEWriter{conn: c, typ: t}, nil
	}
	return nil, errors.New("not a type of messages")
}

// A TYPEWriter collects a message.
type TYPEWriter struct {
	bytes.Buffer
	conn RECV
	typ  websocket.MessageType
}

// Close writes the message.
func (w *TYPEWriter) Close() error {
	return w.conn.Write(context.Background(), w.typ, w.Bytes())
}
`

const messageLimitHelper = `
// SetReadLimit sets the limit of a message's size. There is none for 0.
func (c RECV) SetReadLimit(limit int64) {
	if limit <= 0 {
		limit = -1
	}
	c.EMBEDDEDNAME.SetReadLimit(limit)
}
`

const messageCloseHelper = `
// Close closes the connection without a close frame.
func (c RECV) Close() error { return c.CloseNow() }
`
