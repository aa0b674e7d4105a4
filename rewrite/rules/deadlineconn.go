package rules

import (
	"go/ast"
	"go/types"
	"path/filepath"

	"golang.org/x/tools/go/ast/edge"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// Where deadlines cannot become contexts of the calls that they hold for, the
// type Conn is replaced by a type of the package that embeds it and has
// deadlines. The methods that set them keep their names, and reads and writes
// of the type end when the deadline is over, so that nothing but the type and
// the place where a connection is made has to change.

const deadlineConnHelper = `
// A deadlineConn is a connection whose reads and writes fail with
// os.ErrDeadlineExceeded when a deadline is over, which can be moved while they
// wait. The connection is closed then.
type deadlineConn struct {
	*websocket.Conn
	readDeadline, writeDeadline callDeadline
}

// SetReadDeadline sets when reads fail. The zero time means never.
func (c *deadlineConn) SetReadDeadline(t time.Time) error {
	c.readDeadline.set(t)
	return nil
}

// SetWriteDeadline sets when writes fail. The zero time means never.
func (c *deadlineConn) SetWriteDeadline(t time.Time) error {
	c.writeDeadline.set(t)
	return nil
}

// Read reads a message.
func (c *deadlineConn) Read(ctx context.Context) (websocket.MessageType, []byte, error) {
	ctx, end := c.readDeadline.begin(ctx)
	typ, p, err := c.Conn.Read(ctx)
	return typ, p, end(err)
}

// Write writes a message.
func (c *deadlineConn) Write(ctx context.Context, typ websocket.MessageType, p []byte) error {
	ctx, end := c.writeDeadline.begin(ctx)
	return end(c.Conn.Write(ctx, typ, p))
}

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
func (c *deadlineConn) Reader(ctx context.Context) (websocket.MessageType, io.Reader, error) {
	ctx, end := c.readDeadline.begin(ctx)
	typ, r, err := c.Conn.Reader(ctx)
	if err != nil {
		return 0, nil, end(err)
	}
	return typ, deadlineReader{r, end}, nil
}

// A deadlineReader reads a message until a deadline.
type deadlineReader struct {
	io.Reader
	end func(error) error
}

// Read reads bytes of the message.
func (r deadlineReader) Read(p []byte) (int, error) {
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
func (c *deadlineConn) Writer(ctx context.Context, typ websocket.MessageType) (io.WriteCloser, error) {
	ctx, end := c.writeDeadline.begin(ctx)
	w, err := c.Conn.Writer(ctx, typ)
	if err != nil {
		return nil, end(err)
	}
	return deadlineWriter{w, end}, nil
}

// A deadlineWriter writes a message until a deadline.
type deadlineWriter struct {
	io.WriteCloser
	end func(error) error
}

// Write writes bytes of the message.
func (w deadlineWriter) Write(p []byte) (int, error) {
	n, err := w.WriteCloser.Write(p)
	if err != nil {
		err = w.end(err)
	}
	return n, err
}

// Close ends the message.
func (w deadlineWriter) Close() error { return w.end(w.WriteCloser.Close()) }
`

const deadlineReadJSONHelper = `
// readJSON reads a message and decodes the first JSON value in it into v. A
// message that does not decode leaves the connection open.
func (c *deadlineConn) readJSON(ctx context.Context, v any) error {
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
func (c *deadlineConn) writeJSON(ctx context.Context, v any) error {
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

const wrapHelp = "give each call it covers a context with the deadline"

// planDeadlineConns replaces Conn by deadlineConn throughout the cluster.
func planDeadlineConns(u *unit.Unit) {
	setters := u.Sites("Conn.SetReadDeadline", "Conn.SetWriteDeadline")
	u.Claim(setters...)
	first := setters[0]
	u.Wrapper = "deadlineConn"
	refuse := func(s *flow.Site, text string) { u.Refuse(s.Pos, text, wrapHelp) }
	if s := u.All("Conn.Unwrap", "Wrap"); len(s) > 0 {
		refuse(s[0], "a deadline holds for calls elsewhere, and code that is already native shares the connection")
		return
	}
	for _, s := range u.All("Conn", "Upgrader.Upgrade", "Dialer.Dial", "Dialer.DialContext") {
		f := s.File
		switch {
		case filepath.Dir(f.Path) != filepath.Dir(first.File.Path) || f.Syntax.Name.Name != first.File.Syntax.Name.Name:
			refuse(s, "a deadline holds for calls elsewhere, and the type that could keep it crosses packages")
			return
		case !useHelper(u, s, "deadlineConn"):
			return
		}
	}
	for _, s := range u.All("Conn") {
		if !wrapEmbedded(u, s) {
			refuse(s, "a deadline holds for calls elsewhere, and the type that could keep it is embedded where other packages see it")
			return
		}
	}
	for _, s := range setters {
		if unit.Call(s) == nil {
			continue // the method is there
		}
		text := "a read that runs into its deadline closes the connection; in gorilla writes still went on"
		if s.Symbol == "Conn.SetWriteDeadline" {
			text = "a write that runs into its deadline closes the connection; in gorilla reads still went on"
		}
		u.Note(s.File, s.Ident.Pos(), "deadline", text)
	}
}

// wrapEmbedded renames the uses of a field that the type of the site names by
// being embedded. It reports false where other packages use the field.
func wrapEmbedded(u *unit.Unit, s *flow.Site) bool {
	if !embeds(s) {
		return true
	}
	f := s.File
	c := qualifiedCursor(s)
	for {
		k, _ := c.ParentEdge()
		if k == edge.TypeSpec_Type {
			return false
		}
		if k == edge.Field_Type {
			break
		}
		c = c.Parent()
	}
	st, ok := f.Pkg.TypesInfo.TypeOf(c.Parent().Parent().Parent().Node().(*ast.StructType)).(*types.Struct)
	if !ok {
		return false
	}
	var field *types.Var
	for i := range st.NumFields() {
		if v := st.Field(i); v.Embedded() && v.Pos() == s.Ident.Pos() {
			field = v
		}
	}
	if field == nil {
		return false
	}
	for _, g := range u.Graph.Files {
		for c := range g.Root.Preorder((*ast.Ident)(nil)) {
			id := c.Node().(*ast.Ident)
			if o, ok := g.Pkg.TypesInfo.Uses[id].(*types.Var); !ok || !samePlace(u, o, field) {
				continue
			}
			if g.Pkg.Types.Path() != f.Pkg.Types.Path() {
				return false
			}
			u.Replace(g, id.Pos(), id.End(), u.Wrapper)
		}
	}
	return true
}

// wrapMade returns what goes around the call of s, which makes a connection,
// where connections have a type of the package. It reports false after refusing.
func wrapMade(u *unit.Unit, s *flow.Site, helper string) (open, shut string, ok bool) {
	if u.Wrapper == "" {
		return "", "", true
	}
	return helper + "(", ")", useHelper(u, s, helper)
}
