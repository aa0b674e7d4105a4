package rules

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
)

// A ping is a ping frame on its way to Ping.
type ping struct {
	*frame
	u    *unit.Unit
	act  *pongAction
	form errorForm
	wait string // how long to wait for the pong
	code string // what follows a pong
}

// beats reports whether the connection is closed when no pong comes.
func (p *ping) beats() bool { return p.act != nil && p.act.wait != nil }

// planPing converts one ping; act is the handler of its pong, or nil.
func planPing(u *unit.Unit, fr *frame, act *pongAction) {
	f := fr.file
	p := &ping{frame: fr, u: u, act: act, form: formOf(f, fr.c)}
	if !p.form.ok && p.form.stmt == nil {
		fr.refuse(u, "the ping is sent outside of functions", heartbeatHelp)
		return
	}
	if act != nil && len(act.extra) > 0 {
		if name := act.sharesWithReader(u); name != "" {
			u.RefuseSite(act.site, "the pong handler sets "+name+", which the code that reads uses, and Ping returns elsewhere", "guard "+name+" by a mutex")
			return
		}
		code, ok := act.at(u, fr)
		if !ok {
			u.RefuseSite(act.site, "the pong handler uses names that mean nothing where the ping is sent", "do what it does where Ping returns without error")
			return
		}
		p.code = code
		u.Note(f, fr.pos(), "heartbeat", "what the pong handler did happens where Ping returns, no longer in the goroutine that reads, and not for a pong that no ping has asked for")
	}
	switch {
	case p.beats():
		wait, ok := act.port(u, fr).expr(act.wait)
		if !ok || !callFree(act.file, act.wait) {
			fr.refuse(u, "the time to wait for a pong cannot be named where the ping is sent", "make it a constant or a package variable")
			return
		}
		p.wait = wait
	case p.code != "":
		p.wait = u.Import(f, "time", "time") + ".Minute"
	default:
		p.wait = "10*" + u.Import(f, "time", "time") + ".Second"
	}
	variable := !fr.direct() || pure(unit.Recv(fr.site))
	if !variable && (p.beats() || p.code != "") {
		fr.refuse(u, "the connection that is pinged is not a variable", "keep it in one")
		return
	}
	fr.claim(u)
	fr.dropDeadline(u, p.form)
	switch {
	case variable && p.dropsError():
		p.inBackground()
	case p.canWait():
		p.inPlace()
	case !p.byHelper():
		return
	}
	if p.beats() {
		u.Note(f, fr.pos(), "heartbeat", "a dead peer is noticed "+p.wait+" after the ping it does not answer, not "+p.wait+" after its last pong; the read then fails with net.ErrClosed, not with a timeout")
	}
}

// callFree reports whether e calls nothing but conversions.
func callFree(f *flow.File, e ast.Expr) bool {
	free := true
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && !f.Pkg.TypesInfo.Types[call.Fun].IsType() {
			free = false
		}
		return free
	})
	return free
}

// dropsError reports whether nothing is lost if the result of writing the ping
// is not known: it is dropped, or only logged on one of several ways out.
func (p *ping) dropsError() bool {
	f := p.file
	if !p.form.ok || p.form.ret || p.form.usedOutside(f) {
		return false
	}
	if p.form.check == nil {
		return p.form.err == nil
	}
	return terminates(f, p.form.check.Body) && onlyLogs(f, p.form.check.Body) && otherWayOut(f, p.c)
}

// canWait reports whether the code may wait for the pong where it is: a loop
// that only pings, holds no lock and leaves when the ping fails.
func (p *ping) canWait() bool {
	return p.beats() && p.code == "" && p.form.ok && p.form.check != nil && !p.form.usedOutside(p.file) &&
		terminates(p.file, p.form.check.Body) && unit.InLoop(p.c) && !p.underLock() && !p.otherWork()
}

// otherWork reports whether the loop around the ping does something else with
// the connection, which would have to wait for the pong.
func (p *ping) otherWork() bool {
	for l := range p.c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
		for _, o := range p.u.All("Conn.WriteMessage", "Conn.WriteJSON", "Conn.NextWriter", "Conn.WritePreparedMessage", "Conn.WriteControl", "Conn.ReadMessage", "Conn.NextReader", "Conn.ReadJSON") {
			if unit.Call(o) != p.call && o.File == p.file && inside(o, l.Node()) {
				return true
			}
		}
		for s := range l.Preorder((*ast.SelectStmt)(nil)) {
			if len(s.Node().(*ast.SelectStmt).Body.List) > 1 {
				return true
			}
		}
		return false
	}
	return true
}

// inBackground replaces the ping by a goroutine that calls Ping.
func (p *ping) inBackground() {
	u, f := p.u, p.file
	pkg := u.Import(f, "context", "context")
	pctx, cancel := p.unused("pctx"), p.unused("cancel")
	head := "go func() { // Ping waits for the pong, which a read takes in\n\t"
	body := ""
	switch {
	case p.beats():
		err := p.unused("err")
		if !names(p.code, "err") {
			err = "err"
		}
		body = "if " + err + " := " + p.conn + ".Ping(" + pctx + "); " + err + " != nil {\n\t\t" + p.conn + ".CloseNow()\n"
		if p.code != "" {
			body += "\t\treturn\n\t}\n\t" + indented(p.code, "\t")
		} else {
			body += "\t}"
		}
	case p.code != "":
		body = "if " + p.conn + ".Ping(" + pctx + ") == nil {\n\t\t" + indented(p.code, "\t\t") + "\n\t}"
	default:
		head = "go func() { // Ping waits for the pong; a late one is no error here\n\t"
		body = p.conn + ".Ping(" + pctx + ")"
	}
	u.Replace(f, p.form.stmt.Pos(), p.form.stmt.End(),
		head+pctx+", "+cancel+" := "+pkg+".WithTimeout("+u.Context(f, p.c)+", "+p.wait+")\n\tdefer "+cancel+"()\n\t"+body+"\n}()")
	u.ClaimWithin(f, p.form.stmt)
	if p.form.separate {
		sp := unit.LineSpan(f, p.form.check.Pos(), p.form.check.End())
		u.Replace(f, sp.Pos, sp.End)
		u.ClaimWithin(f, p.form.check)
	}
	if !p.beats() {
		u.Note(f, p.pos(), "heartbeat", "a ping that cannot be written is no longer an error of its own; the next write or read fails")
	}
}

// indented indents all lines of code but the first.
func indented(code, by string) string { return strings.ReplaceAll(code, "\n", "\n"+by) }

// unused returns a name that neither the function nor the handler's code uses.
func (p *ping) unused(base string) string {
	name := p.u.Unused(p.file, p.c, base)
	for names(p.code, name) {
		name += "_"
	}
	return name
}

// names reports whether the word occurs in a piece of source.
func names(src, word string) bool {
	isLetter := func(i int) bool {
		return i >= 0 && i < len(src) && (src[i] == '_' || token.IsIdentifier(src[i:i+1]) || '0' <= src[i] && src[i] <= '9')
	}
	for i := 0; ; {
		j := strings.Index(src[i:], word)
		if j < 0 {
			return false
		}
		i += j
		if !isLetter(i-1) && !isLetter(i+len(word)) {
			return true
		}
		i += len(word)
	}
}

// inPlace replaces the ping by a Ping that is waited for.
func (p *ping) inPlace() {
	u, f, form := p.u, p.file, p.form
	pkg := u.Import(f, "context", "context")
	end := form.stmt.End()
	if form.separate {
		end = form.check.End()
	}
	pctx, cancel, op := u.ContextNames(f, p.c, form.list, form.stmt.Pos(), end, "pctx")
	u.Insert(f, form.stmt.Pos(), pctx+", "+cancel+" "+op+" "+pkg+".WithTimeout("+u.Context(f, p.c)+", "+p.wait+")\n")
	// The read, whose deadline is gone, has to end too.
	closes := ""
	if !p.deferredClose(u) && !p.closedIn(form.check.Body) {
		closes = "\n" + p.conn + ".CloseNow()"
	}
	if form.separate {
		u.Insert(f, form.stmt.End(), "\n"+cancel+"()")
		if closes != "" {
			u.Insert(f, form.check.Body.Lbrace+1, closes)
		}
	} else {
		u.Insert(f, form.check.Body.Lbrace+1, "\n"+cancel+"()"+closes)
		u.Insert(f, form.stmt.End(), "\n"+cancel+"()")
	}
	u.Replace(f, p.call.Pos(), p.call.End(), p.conn+".Ping("+pctx+")")
	u.Note(f, p.pos(), "heartbeat", "the loop waits for the pong before it goes on")
}

// closedIn reports whether the block closes the connection.
func (p *ping) closedIn(b *ast.BlockStmt) bool {
	for _, st := range b.List {
		if p.connCall(p.u, st, "Close") != nil {
			return true
		}
	}
	return false
}

// byHelper replaces the call by one of a helper that has its result. It
// reports false after refusing.
func (p *ping) byHelper() bool {
	u, f := p.u, p.file
	if !needHelper(u, f, p.call.Pos(), "pingInBackground") {
		return false
	}
	if p.beats() && p.code == "" {
		if !needHelper(u, f, p.call.Pos(), "pingOrClose") {
			return false
		}
		u.Replace(f, p.call.Pos(), p.call.End(), "pingOrClose("+u.Context(f, p.c)+", "+p.arg(u)+", "+p.wait+")")
		u.Note(f, p.pos(), "heartbeat", lateNote)
		return true
	}
	done := "nil"
	if p.code != "" {
		err := "err"
		if names(p.code, err) {
			err = p.unused("pingErr")
		}
		switch {
		case !p.beats():
			done = "func(" + err + " error) {\n\tif " + err + " == nil {\n\t\t" + indented(p.code, "\t\t") + "\n\t}\n}"
		default:
			done = "func(" + err + " error) {\n\tif " + err + " != nil {\n\t\t" + p.conn + ".CloseNow()\n\t\treturn\n\t}\n\t" + indented(p.code, "\t") + "\n}"
		}
	}
	u.Replace(f, p.call.Pos(), p.call.End(), "pingInBackground("+u.Context(f, p.c)+", "+p.arg(u)+", "+p.wait+", "+done+")")
	u.Note(f, p.pos(), "heartbeat", lateNote)
	return true
}

const lateNote = "a ping that cannot be written is an error of its own only if the connection is closed already; else the next write or read fails"

const pingOrCloseHelper = `
// pingOrClose sends a ping and closes the connection if no pong comes in time.
// It waits for neither.
func pingOrClose(ctx context.Context, c *websocket.Conn, wait time.Duration) error {
	return pingInBackground(ctx, c, wait, func(err error) {
		if err != nil {
			c.CloseNow()
		}
	})
}
`

const pingInBackgroundHelper = `
// pingInBackground sends a ping. It does not wait for the pong, which a
// concurrent read takes in: done, if not nil, is called when it has come, or
// with an error when the time is up. An error that comes at once, as on a
// connection that is closed, is returned too.
func pingInBackground(ctx context.Context, c *websocket.Conn, wait time.Duration, done func(error)) error {
	result := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		err := c.Ping(ctx)
		result <- err
		if done != nil {
			done(err)
		}
	}()
	select {
	case err := <-result:
		return err
	case <-time.After(10 * time.Millisecond):
		return nil
	}
}
`
