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
	{"stale reader reads", "read.go", "if c.reader != r {\n\t\treturn 0, io.EOF\n\t}", "if c.reader != r && c.readErr == nil {\n\t\treturn 0, io.ErrUnexpectedEOF\n\t}"},
	{"writing after a close frame", "write.go", "_ = c.failWrites(ErrCloseSent)", ""},
	{"failed write forgotten", "write.go", "return c.failWrites(err)\n\t}\n\tif first", "return permanent(err)\n\t}\n\tif first"},
	{"open writer left open", "write.go", "_ = c.writer.finish()\n", ""},
	{"control frame beyond its deadline", "write.go", "if d < 0 {\n\t\treturn false\n\t}", "if d < 0 {\n\t\td = 0\n\t}"},
	{"long control frame", "write.go", "if len(data) > wire.MaxControlPayload {\n\t\treturn errInvalidControlFrame\n\t}", ""},

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
}

// TestMutants plays the transcripts with every mutant: none may pass. Building
// them takes minutes, so without WSMIGRATE_MUTANTS=1 it only looks for the text
// to replace.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
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
			mutated := filepath.Join(dir, m.file)
			writeFile(t, mutated, strings.Replace(string(source), m.old, m.new, 1))
			overlay, err := json.Marshal(map[string]map[string]string{"Replace": {path: mutated}})
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, "overlay.json"), string(overlay))

			cmd := exec.Command("go", "test", "-vet=off", "-timeout=60s", "-overlay", filepath.Join(dir, "overlay.json"), "-run=^TestTranscripts$", ".")
			cmd.Env = append(os.Environ(), "WSMIGRATE_ENGINE=nhooyr")
			out, err := cmd.CombinedOutput()
			switch text := string(out); {
			case err == nil:
				t.Error("the mutant passes")
			case !strings.Contains(text, "compat (+) is unlike gorilla (-)") && !strings.Contains(text, "is listed and did not occur") && !strings.Contains(text, "panic: "):
				t.Errorf("the mutant does not fail by a transcript:\n%s", last(text, 2000))
			}
		})
	}
}
