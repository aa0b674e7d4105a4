package conformance

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A mutant is compat with a fault: text of a file replaced.
type mutant struct {
	name, file, old, new string
}

// mutants are faults that gorilla's own tests let pass, most of them, and that
// the transcripts have to find.
var mutants = []mutant{
	{"handler error ignored", "control.go", "return c.handle(ownPing, func() error { return onPing(payload) })", "c.handle(ownPing, func() error { return onPing(payload) })\n\t\treturn nil"},
	{"close handler error ignored", "control.go", "if err := c.handle(ownClose, func() error { return onClose(e.Code, e.Text) }); err != nil {\n\t\treturn err\n\t}", "c.handle(ownClose, func() error { return onClose(e.Code, e.Text) })"},
	{"close not answered", "control.go", "_ = c.WriteControl(CloseMessage, FormatCloseMessage(code, \"\"), time.Now().Add(replyWait))\n\t\t\treturn nil", "return nil"},
	{"reply failing ends reading", "control.go", "if err == ErrCloseSent {\n\t\treturn nil\n\t}", ""},
	{"close reason not checked", "control.go", "!utf8.ValidString(e.Text)", "false && !utf8.ValidString(e.Text)"},
	{"close frame of one byte refused", "control.go", "if len(payload) >= 2 {", "if len(payload) == 1 {\n\t\treturn c.protocolError(\"bad close code 0\")\n\t}\n\tif len(payload) >= 2 {"},
	{"code 1014 accepted", "close.go", "1005 <= code && code <= 1013", "1005 <= code && code <= 1014"},
	{"limit passed without a close frame", "control.go", "_ = c.WriteControl(CloseMessage, FormatCloseMessage(CloseMessageTooBig, \"\"), time.Now().Add(replyWait))\n", ""},
	{"end of stream is the end of a message", "read.go", "if c.readErr == io.EOF {\n\t\treturn 0, errUnexpectedEOF\n\t}", ""},
	{"no panic for reading on", "read.go", "maxReadFails = 1000", "maxReadFails = 1 << 30"},
	{"stale reader reads", "read.go", "if c.open != r.id {\n\t\treturn 0, io.EOF\n\t}", "if c.open != r.id && c.readErr == nil {\n\t\treturn 0, io.ErrUnexpectedEOF\n\t}"},
	{"writing after a close frame", "write.go", "_ = c.failWrites(ErrCloseSent)", ""},
	{"failed write forgotten", "write.go", "return c.failWrites(err)\n\t}\n\tif first", "return permanent(err)\n\t}\n\tif first"},
	{"open writer left open", "write.go", "_ = c.writer.finish()\n", ""},
	{"control frame beyond its deadline", "write.go", "if d < 0 {\n\t\treturn false\n\t}", "if d < 0 {\n\t\td = 0\n\t}"},
	{"long control frame", "write.go", "if len(data) > wire.MaxControlPayload {\n\t\treturn errInvalidControlFrame\n\t}", ""},
	{"forms of a prepared message confused", "prepared.go", "form, ok := pm.forms[key]\n\tif !ok {\n\t\tform = new(preparedForm)\n\t\tpm.forms[key] = form", "form, ok := pm.forms[preparedKey{}]\n\tif !ok {\n\t\tform = new(preparedForm)\n\t\tpm.forms[preparedKey{}] = form"},

	{"origin not compared", "upgrader.go", "return err == nil && equalFoldASCII(origin.Host, r.Host)", "return err == nil && origin != nil"},
	{"origin compared in case", "upgrader.go", "equalFoldASCII(origin.Host, r.Host)", "origin.Host == r.Host"},
	{"early data kept", "upgrader.go", "if brw.Reader.Buffered() > 0 {", "if false {"},
	{"response split", "upgrader.go", "if c < ' ' {\n\t\t\tc = ' '\n\t\t}", ""},
	{"subprotocol of the header preferred", "upgrader.go", "if u.Subprotocols == nil {", "if len(responseHeader[\"Sec-Websocket-Protocol\"]) > 0 {"},
	{"deadline left on the connection", "upgrader.go", "conn.SetDeadline(time.Time{})\n", ""},
	{"accept key not checked", "exchange.go", "resp.Header.Get(\"Sec-Websocket-Accept\") == acceptKey(key)", "true"},
	{"context takeover accepted", "exchange.go", "return resp, errInvalidCompression", "break"},
	{"whole body read", "exchange.go", "io.CopyN(&start, resp.Body, 1024)", "io.Copy(&start, resp.Body)"},
	{"cookies of a refusal lost", "exchange.go", "if d.Jar != nil {\n\t\tif cookies", "if d.Jar != nil && resp.StatusCode == 101 {\n\t\tif cookies"},
	{"header in canonical case", "exchange.go", "req.Header[name] = values", "req.Header[http.CanonicalHeaderKey(name)] = values"},
	{"credentials without a password", "proxy.go", "password, ok := user.Password(); ok", "password, ok := user.Password(); ok || user != nil"},
	{"list read beyond what is no token", "header.go", "if t == \"\" || !s.at(\",\") {\n\t\t\t\tbreak\n\t\t\t}", ""},

	{"configuration of TLS changed", "dialer.go", "cfg = d.TLSClientConfig.Clone()", "cfg = d.TLSClientConfig"},
	{"server name of the configuration ignored", "dialer.go", "if cfg.ServerName == \"\" {", "if true {"},
	{"TLS over TLS", "dialer.go", " || d.NetDialTLSContext != nil {\n\t\treturn conn, nil", " {\n\t\treturn conn, nil"},
	{"NetDial preferred", "dialer.go", "case d.NetDialContext != nil:", "case d.NetDialContext != nil && d.NetDial == nil:"},
	{"NetDialTLSContext without TLS", "dialer.go", "case scheme == \"https\" && d.NetDialTLSContext != nil:", "case d.NetDialTLSContext != nil:"},
	{"dialing without the context", "dialer.go", "return d.NetDialContext(ctx, network, addr)", "return d.NetDialContext(context.Background(), network, addr)"},
	{"handshake without a deadline", "dialer.go", "if !ok {\n\t\treturn dial\n", "if !ok || true {\n\t\treturn dial\n"},
	{"trace of another address", "dialer.go", "trace.GetConn(addr)", "trace.GetConn(host)"},
	{"trace without a connection", "dialer.go", "trace.GotConn(httptrace.GotConnInfo{Conn: conn})", "_ = conn"},
	{"trace without failures", "dialer.go", "if trace != nil && trace.TLSHandshakeDone != nil {", "if err == nil && trace != nil && trace.TLSHandshakeDone != nil {"},
	{"trace of a byte that never came", "exchange.go", "if _, err := br.Peek(1); err == nil {", "if br.Peek(1); true {"},
	{"request without the context", "exchange.go", ").WithContext(ctx)", ").WithContext(context.WithValue(context.Background(), 1, ctx))"},
	{"HTTP/2 not explained", "exchange.go", "return nil, d.explain(err)", "return nil, err"},
	{"cookies not sent", "exchange.go", "range d.Jar.Cookies(u)", "range []*http.Cookie(nil)"},
	{"proxy chosen by the URL alone", "dialer.go", "proxy, err := d.Proxy(req)", "proxy, err := d.Proxy(&http.Request{URL: req.URL})"},
	{"rest of the reply left in the tunnel", "socks5.go", "bound := make([]byte, addrLen)", "bound := make([]byte, addrLen/2)"},
	{"origin after the key", "upgrader.go", "case !u.originAllowed(r):", "case isChallengeKey(r.Header.Get(\"Sec-Websocket-Key\")) && !u.originAllowed(r):"},
	{"negative timeout", "upgrader.go", "if u.HandshakeTimeout > 0 {\n\t\tconn.SetWriteDeadline(time.Now()", "if u.HandshakeTimeout != 0 {\n\t\tconn.SetWriteDeadline(time.Now()"},
	{"small buffer kept", "upgrader.go", "minHijackedWriter = 256 + 14", "minHijackedWriter = 256"},
	{"buffer kept beside a pool", "upgrader.go", "if u.WriteBufferPool == nil && u.WriteBufferSize == 0", "if u.WriteBufferSize == 0"},

	{"control frame without its deadline", "write.go", "return c.putFrame(wire.Fin|byte(messageType), data, deadline)", "return c.putFrame(wire.Fin|byte(messageType), data, time.Time{})"},
	{"pong that waits for ever", "control.go", "err := c.WriteControl(PongMessage, []byte(appData), time.Now().Add(replyWait))", "err := c.WriteControl(PongMessage, []byte(appData), time.Time{})"},
	{"read that is temporary", "read.go", "c.readErr = permanent(err)\n\treturn n, c.readErr", "c.readErr = err\n\treturn n, c.readErr"},
	{"read that fills its buffer", "read.go", "n, err := r.Read(p)", "n, err := io.ReadFull(r, p)"},
	{"corrupt message ends reading", "deflate.go", "if err == io.EOF {\n\t\tz.close()\n\t}", "if err == io.EOF {\n\t\tz.close()\n\t} else if err != nil {\n\t\tz.c.readErr = err\n\t}"},
	{"message cut by a handler", "read.go", "if c.open != id {\n\t\treturn errInterrupted\n\t}", ""},
	{"level of a prepared message ignored", "prepared.go", "key.level = int(c.writeLevel.Load())", "key.level = 1"},
	{"role of a prepared message ignored", "prepared.go", "key := preparedKey{server: c.server}", "key := preparedKey{server: true}"},
	{"prepared message between fragments", "prepared.go", "if c.writer != nil && c.writer.begun() {\n\t\t\tc.closeWriter()\n\t\t}", ""},
	{"frames of a client not cut", "write.go", "w.single = c.server && !compress", "w.single = !compress"},
}

// otherMutants are found by other tests, whose names they stand behind.
var otherMutants = map[string][]mutant{
	"TestBadInput": {
		{"length with the top bit accepted", "frame.go", "if n < 0 {\n\t\t\treturn ErrReadLimit", "if false {\n\t\t\treturn ErrReadLimit"},
	},
	"TestFaultLyingLength": {
		{"long length trusted", "read.go", "c.remaining <= trustedLength {", "c.remaining <= 1<<30 {"},
	},
	"TestFaultEndOfTLS": {
		{"end behind a fragment is the end of a message", "read.go", "err == io.EOF && (c.remaining > 0 || !c.final)", "err == io.EOF && c.remaining > 0"},
	},
	"TestFaultPingsOfDeafPeer": {
		{"pong waits for a peer that does not read", "conn.go", "replyWait = time.Second", "replyWait = time.Hour"},
	},
	"TestFaultDeafPeer": {
		{"write deadline set behind a write", "conn.go", "c.stateMu.Lock()\n\tc.writeDeadline = t\n", "c.lockFrame()\n\tc.unlockFrame()\n\tc.stateMu.Lock()\n\tc.writeDeadline = t\n"},
		{"compression level set behind a message", "conn.go", "c.writeLevel.Store(int32(level))\n\treturn nil", "c.msgMu.Lock()\n\tdefer c.msgMu.Unlock()\n\tc.writeLevel.Store(int32(level))\n\treturn nil"},
	},
	"TestFaultSlow": {
		{"response written without a deadline", "upgrader.go", "if u.HandshakeTimeout > 0 {\n\t\tconn.SetWriteDeadline(time.Now().Add(u.HandshakeTimeout))", "if false {\n\t\tconn.SetWriteDeadline(time.Now().Add(u.HandshakeTimeout))"},
		{"failed TLS handshake left open", "dialer.go", "tlsConn.Close()\n\t\treturn nil, err", "return nil, err"},
	},
	"TestProxyFromEnvironment": {
		{"no proxy of the environment", "dialer.go", "Proxy:            http.ProxyFromEnvironment,", ""},
	},
	"TestConnDropped": {
		{"dropped connection kept", "conn.go", "runtime.SetFinalizer(g, func(g *guard) { g.link.Release() })", "_ = g"},
	},
	"TestSoakWriters": {
		{"message without its lock", "write.go", "c.msgMu.Lock()\n\tdefer c.msgMu.Unlock()\n\tif isData", "if isData"},
		{"frames without their lock", "write.go", "c.lockFrame()\n\tdefer c.unlockFrame()\n\tif err := c.stickyWriteErr()", "if err := c.stickyWriteErr()"},
		{"message lock released within", "write.go", "if _, err := w.put(data); err != nil {\n\t\treturn err\n\t}\n\treturn w.finish()", "if _, err := w.put(data); err != nil {\n\t\treturn err\n\t}\n\tc.msgMu.Unlock()\n\tc.msgMu.Lock()\n\treturn w.finish()"},
		{"piece without the message lock", "writer.go", "func (w *messageWriter) Write(p []byte) (int, error) {\n\tw.c.msgMu.Lock()\n\tdefer w.c.msgMu.Unlock()", "func (w *messageWriter) Write(p []byte) (int, error) {"},
		{"frame without its lock", "write.go", "c.lockFrame()\n\tdefer c.unlockFrame()\n\treturn c.putFrame(first, p, deadline)", "return c.putFrame(first, p, deadline)"},
		{"control frame without the frame lock", "write.go", "if !c.lockFrameUntil(deadline) {\n\t\treturn errWriteTimeout\n\t}\n\tdefer c.unlockFrame()\n", ""},
		{"settings without a lock", "conn.go", "c.stateMu.Lock()\n\tc.writeDeadline = t\n\tc.stateMu.Unlock()", "c.writeDeadline = t"},
		{"piece of a message that was ended taken", "writer.go", "if w.err != nil {\n\t\treturn 0, w.err\n\t}\n\tsize := len(s)", "if w.err != nil {\n\t\treturn len(s), nil\n\t}\n\tsize := len(s)"},
	},
	"TestSoakShared": {
		{"frames of a prepared message in the write buffer", "prepared.go", "preparedFrame{first, append([]byte(nil), p...)}", "preparedFrame{first, p}"},
		{"buffer of the pool kept", "write.go", "c.pooled, c.writeBuf = nil, nil", "c.pooled = nil"},
	},
	"TestSoakReaders": {
		{"overtaken while looking for a message", "read.go", "if c.started != start {", "if c.started < start {"},
		{"overtaken message taken for whole", "read.go", "if err == io.EOF && !r.whole {", "if false {"},
		{"default handlers let other reads in", "control.go", "if !own {", "if true {"},
		{"native message without the lock", "native.go", "n.readMu.Lock()\n\tdefer n.readMu.Unlock()\n\tmessageType, err = n.nextMessage()\n\tif err != nil {\n\t\treturn messageType, nil, err\n\t}\n\tp, err", "messageType, err = n.nextMessage()\n\tif err != nil {\n\t\treturn messageType, nil, err\n\t}\n\tp, err"},
	},
	"TestSoakStuckWriter": {
		{"control frame waits without end", "write.go", "t := time.NewTimer(d)", "t := time.NewTimer(d + time.Hour)"},
		{"handlers set behind a write", "control.go", "c.stateMu.Lock()\n\tc.pongHandler, ", "c.msgMu.Lock()\n\tdefer c.msgMu.Unlock()\n\tc.stateMu.Lock()\n\tc.pongHandler, "},
	},
	"TestSoakWriteTimeout": {
		{"write deadline not set", "write.go", "_ = c.netConn.SetWriteDeadline(deadline) // a connection without deadlines is still written to\n\tif err := c.link.WriteFrames", "_ = c.netConn.SetWriteDeadline(time.Time{})\n\tif err := c.link.WriteFrames"},
		{"write deadline of one frame not set", "write.go", "_ = c.netConn.SetWriteDeadline(deadline) // a connection without deadlines is still written to\n\tif err := c.link.WriteFrame(", "_ = c.netConn.SetWriteDeadline(time.Time{})\n\tif err := c.link.WriteFrame("},
	},
	"TestSoakControlOvertakes": {
		{"control frame behind all frames of a message", "write.go", "maxBatch = 64 << 10", "maxBatch = 64 << 20"},
		{"control frame among those of a prepared message", "prepared.go", "for _, f := range form.frames {\n", "for _, f := range form.frames {\n\t\tc.unlockFrame()\n\t\tc.lockFrame()\n"},
		{"control frame waits for the message", "write.go", "if !c.lockFrameUntil(deadline) {\n\t\treturn errWriteTimeout\n\t}", "if c.msgMu.Lock(); !c.lockFrameUntil(deadline) {\n\t\treturn errWriteTimeout\n\t}\n\tdefer c.msgMu.Unlock()"},
	},
	"TestSoakOpenWriters": {
		{"source waited for with the message lock", "writer.go", "n, err := r.Read(scratch[:room])", "w.c.msgMu.Lock()\n\t\tn, err := r.Read(scratch[:room])\n\t\tw.c.msgMu.Unlock()"},
		{"message lock kept until Close", "write.go", "c.msgMu.Lock()\n\tdefer c.msgMu.Unlock()\n\tw, err := c.begin(messageType)\n\tif err != nil {\n\t\treturn nil, err\n\t}", "c.msgMu.Lock()\n\tw, err := c.begin(messageType)\n\tif err != nil {\n\t\treturn nil, err\n\t}"},
	},
	"TestCycles": {
		{"engine kept", "../internal/engine/link.go", "go l.conn.CloseNow()", ""},
		{"connection left open", "conn.go", "err := c.netConn.Close()\n\tc.release()", "var err error\n\tc.release()"},
		{"connection remembered", "conn.go", "c.init()\n\treturn c", "c.init()\n\tkept.Store(c, nil)\n\treturn c\n}\n\nvar kept sync.Map\n\nfunc init() {"},
	},
	"TestConnPassThroughCut": {
		{"native reads past the end", "unwrap.go", "if err == io.EOF || err == io.ErrUnexpectedEOF {", "if err == io.ErrNoProgress {"},
	},
	"TestConnPassThroughMidway": {
		{"ping skipped with a message", "unwrap.go", "if head[0]&wire.OpcodeMask < wire.Close {", "if true {"},
	},
	"TestConnPassThroughState": {
		{"deadline left on a native connection", "unwrap.go", "_ = c.netConn.SetDeadline(time.Time{})", "_ = time.Time{}"},
	},
	"TestConnPassThroughFirstLimit": {
		{"limit left behind", "unwrap.go", "p.setReadLimit(c.readLimit.Load())", "p.setReadLimit(0)"},
	},
	"TestConnPassThroughWriteDeadline": {
		{"native write after its deadline", "nativewrite.go", "err := ctx.Err() // the engine may send before it looks", "err := error(nil)"},
	},
	"TestConnPassThroughReadDeadline": {
		{"native read after its deadline", "native.go", "if n.err == nil && n.readDeadlinePassed() {", "if false {"},
	},
	"TestConnPassThroughPeerCloses": {
		{"native write after the peer's close", "native.go", "if e, ok := err.(*CloseError); ok && e != errUnexpectedEOF {", "if false {"},
	},
	"TestConnPassThroughReads": {
		{"native rest not read", "native.go", "_, _ = io.Copy(io.Discard, readFunc(overtaken.read))", ""},
	},
	"TestConnPassThroughWrites": {
		{"native value half encoded", "nativewrite.go", "if err := json.NewEncoder(&b).Encode(v); err != nil {\n\t\treturn err\n\t}", "_ = json.NewEncoder(&b).Encode(v)"},
	},
}

// TestMutants runs the tests that must find each mutant: none may pass. Building
// them takes minutes, so without WSMIGRATE_MUTANTS=1 it only looks for the text
// to replace.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) { m.play(t, "TestTranscripts") })
	}
	for test, list := range otherMutants {
		for _, m := range list {
			t.Run(m.name, func(t *testing.T) { m.play(t, test) })
		}
	}
}

// play runs the test with the mutant.
func (m mutant) play(t *testing.T, test string) {
	path, err := filepath.Abs(filepath.Join("../websocket", m.file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), m.old) != 1 {
		t.Fatalf("%s has the text %d times that the mutant replaces:\n%s", m.file, strings.Count(string(source), m.old), m.old)
	}
	if os.Getenv("WSMIGRATE_MUTANTS") == "" {
		return
	}
	dir := t.TempDir()
	mutated := filepath.Join(dir, filepath.Base(m.file))
	writeFile(t, mutated, strings.Replace(string(source), m.old, m.new, 1))
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "overlay.json"), string(overlay))

	args := []string{"test", "-vet=off", "-timeout=60s", "-overlay", filepath.Join(dir, "overlay.json"), "-run=^" + test + "$"}
	if strings.HasPrefix(test, "TestSoak") {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, ".")...)
	cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
	out, err := cmd.CombinedOutput()
	found := []string{"--- FAIL: " + test, "panic: "}
	if test == "TestTranscripts" {
		found = []string{"compat (+) is unlike gorilla (-)", "is listed and did not occur", "panic: "}
	}
	switch text := string(out); {
	case err == nil:
		t.Error("the mutant passes")
	case !containsAny(text, found):
		t.Errorf("the mutant does not fail by %s:\n%s", test, last(text, 2000))
	}
}

func containsAny(s string, list []string) bool {
	for _, e := range list {
		if strings.Contains(s, e) {
			return true
		}
	}
	return false
}
