package rules

import "strings"

// deadlineConnHelpers returns the helpers that make a type which embeds a
// connection and has deadlines.
func deadlineConnHelpers(typ, embedded string) []Helper {
	r := strings.NewReplacer("TYPE", typ, "EMBEDDED", embedded)
	return []Helper{
		{typ, []string{"context", "time", "TARGET"}, r.Replace(deadlineConnHelper)},
		{typ + ".Reader", []string{"context", "io", "TARGET"}, r.Replace(deadlineReaderHelper)},
		{typ + ".Writer", []string{"context", "io", "TARGET"}, r.Replace(deadlineWriterHelper)},
		{typ + ".readJSON", []string{"bytes", "context", "encoding/json", "io"}, r.Replace(deadlineReadJSONHelper)},
		{typ + ".writeJSON", []string{"bytes", "context", "encoding/json", "TARGET"}, r.Replace(deadlineWriteJSONHelper)},
		{typ + ".writeAnyMessage", []string{"context", "TARGET"}, r.Replace(deadlineWriteAnyHelper)},
	}
}

const deadlineConnHelper = `
// A TYPE is a connection whose reads and writes fail with
// os.ErrDeadlineExceeded when a deadline is over, which can be moved while they
// wait. The connection is closed if that happens while they wait.
type TYPE struct {
	EMBEDDED
	readDeadline, writeDeadline callDeadline
}

// SetReadDeadline sets when reads fail. The zero time means never.
func (c *TYPE) SetReadDeadline(t time.Time) error {
	c.readDeadline.set(t)
	return nil
}

// SetWriteDeadline sets when writes fail. The zero time means never.
func (c *TYPE) SetWriteDeadline(t time.Time) error {
	c.writeDeadline.set(t)
	return nil
}

// Read reads a message.
func (c *TYPE) Read(ctx context.Context) (websocket.MessageType, []byte, error) {
	if err := c.readDeadline.passed(); err != nil {
		return 0, nil, err
	}
	ctx, end := c.readDeadline.begin(ctx)
	typ, p, err := c.Conn.Read(ctx)
	return typ, p, end(err)
}

// Write writes a message.
func (c *TYPE) Write(ctx context.Context, typ websocket.MessageType, p []byte) error {
	if err := c.writeDeadline.passed(); err != nil {
		return err
	}
	ctx, end := c.writeDeadline.begin(ctx)
	return end(c.Conn.Write(ctx, typ, p))
}
`

const callDeadlineHelper = `
// A callDeadline is the time at which calls end.
type callDeadline struct {
	mu    sync.Mutex
	over  bool
	timer *time.Timer
	moves int
	calls map[*context.CancelFunc]bool
}

// set moves the deadline, for calls that wait and for later ones.
func (d *callDeadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
	}
	d.moves++
	move := d.moves
	d.over = false
	if t.IsZero() {
		return
	}
	if d.over = time.Until(t) <= 0; d.over {
		d.cancel()
		return
	}
	d.timer = time.AfterFunc(time.Until(t), func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.moves == move {
			d.over = true
			d.cancel()
		}
	})
}

// cancel ends the calls that wait.
func (d *callDeadline) cancel() {
	for call := range d.calls {
		(*call)()
	}
}

// passed returns an error if the deadline is over: the target may send a message
// although its context has ended.
func (d *callDeadline) passed() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// begin returns a context for a call, and a function that ends it and returns
// its error.
func (d *callDeadline) begin(ctx context.Context) (context.Context, func(error) error) {
	ctx, cancel := context.WithCancel(ctx)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		cancel()
	}
	if d.calls == nil {
		d.calls = map[*context.CancelFunc]bool{}
	}
	d.calls[&cancel] = true
	return ctx, func(err error) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.calls, &cancel)
		cancel()
		if err != nil && d.over {
			return os.ErrDeadlineExceeded
		}
		return err
	}
}
`

const deadlineReaderHelper = `
// Reader returns a reader of the next message.
func (c *TYPE) Reader(ctx context.Context) (websocket.MessageType, io.Reader, error) {
	if err := c.readDeadline.passed(); err != nil {
		return 0, nil, err
	}
	ctx, end := c.readDeadline.begin(ctx)
	typ, r, err := c.Conn.Reader(ctx)
	if err != nil {
		return 0, nil, end(err)
	}
	return typ, TYPEReader{r, end}, nil
}

// A TYPEReader reads a message until a deadline.
type TYPEReader struct {
	io.Reader
	end func(error) error
}

// Read reads bytes of the message.
func (r TYPEReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	switch err {
	case nil:
		return n, nil
	case io.EOF:
		r.end(nil)
		return n, io.EOF
	}
	return n, r.end(err)
}
`

const deadlineWriterHelper = `
// Writer returns a writer of a message.
func (c *TYPE) Writer(ctx context.Context, typ websocket.MessageType) (io.WriteCloser, error) {
	if err := c.writeDeadline.passed(); err != nil {
		return nil, err
	}
	ctx, end := c.writeDeadline.begin(ctx)
	w, err := c.Conn.Writer(ctx, typ)
	if err != nil {
		return nil, end(err)
	}
	return TYPEWriter{w, end}, nil
}

// A TYPEWriter writes a message until a deadline.
type TYPEWriter struct {
	io.WriteCloser
	end func(error) error
}

// Write writes bytes of the message.
func (w TYPEWriter) Write(p []byte) (int, error) {
	n, err := w.WriteCloser.Write(p)
	if err != nil {
		err = w.end(err)
	}
	return n, err
}

// Close ends the message.
func (w TYPEWriter) Close() error { return w.end(w.WriteCloser.Close()) }
`

const deadlineReadJSONHelper = `
// readJSON reads a message and decodes the first JSON value in it into v. A
// message that does not decode leaves the connection open.
func (c *TYPE) readJSON(ctx context.Context, v any) error {
	_, p, err := c.Read(ctx)
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

const deadlineWriteJSONHelper = `
// writeJSON writes v as JSON.
func (c *TYPE) writeJSON(ctx context.Context, v any) error {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	return c.Write(ctx, websocket.MessageText, b.Bytes())
}
`

const acceptedConnHelper = `
// acceptedConn gives a connection that was accepted its deadlines.
func acceptedConn(c *websocket.Conn, err error) (*deadlineConn, error) {
	if err != nil {
		return nil, err
	}
	return &deadlineConn{Conn: c}, nil
}
`

const dialledConnHelper = `
// dialledConn gives a connection that was dialled its deadlines.
func dialledConn(c *websocket.Conn, resp *http.Response, err error) (*deadlineConn, *http.Response, error) {
	if err != nil {
		return nil, resp, err
	}
	return &deadlineConn{Conn: c}, resp, nil
}
`
