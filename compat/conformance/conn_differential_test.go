package conformance_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestConnDifferential plays random scripts on gorilla and on compat: what a
// peer sends, in which pieces, and which calls are made. Everything that can be
// seen must be equal: results, errors by text and type, handler calls, frames.
// WSMIGRATE_SCRIPTS sets how many scripts there are.
func TestConnDifferential(t *testing.T) {
	scripts := 500
	if s := os.Getenv("WSMIGRATE_SCRIPTS"); s != "" {
		scripts, _ = strconv.Atoi(s)
	}
	for seed := 1; seed <= scripts; seed++ {
		rnd := rand.New(rand.NewSource(int64(seed)))
		data := make([]byte, 50+rnd.Intn(600))
		rnd.Read(data)
		compare(t, data)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func FuzzConnDifferential(f *testing.F) {
	for seed := int64(0); seed < 20; seed++ {
		data := make([]byte, 200)
		rand.New(rand.NewSource(seed)).Read(data)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 4000 {
			compare(t, data)
		}
	})
}

// hang is more time than any input takes.
const hang = 5 * time.Second

// FuzzPeer has both libraries read whatever a peer may send, in pieces of any
// size. Everything that can be seen must be equal.
func FuzzPeer(f *testing.F) {
	for seed := int64(0); seed < 20; seed++ {
		data := make([]byte, 100)
		rand.New(rand.NewSource(seed)).Read(data)
		server, compress := seed%2 == 0, seed%4 < 2
		f.Add(server, compress, seed%5*100, byte(seed), (&choices{data}).stream(server, compress))
	}
	f.Fuzz(func(t *testing.T, server, compress bool, limit int64, cut byte, in []byte) {
		if len(in) < 100000 {
			compareLogs(t, compress, listen(t, gorillaLibrary, server, compress, limit, cut, in), listen(t, compatLibrary, server, compress, limit, cut, in))
		}
	})
}

// listen reads what a peer sends and returns what happened.
func listen(t testing.TB, l library, server, compress bool, limit int64, cut byte, in []byte) (log []string) {
	defer time.AfterFunc(hang, func() { panic("hangs") }).Stop()
	note := func(format string, args ...interface{}) { log = append(log, fmt.Sprintf(format, args...)) }
	m := &memoryConn{compress: compress, inErr: io.EOF, limit: -1, in: pieces(in, int(cut)*int(cut))}
	ws := l.connect(t, m, server, connOptions{compress: compress})
	defer ws.Close()
	ws.SetReadLimit(limit)
	onPing := ws.(interface{ PingHandler() func(string) error }).PingHandler()
	ws.SetPingHandler(func(s string) error { note("ping %q", s); return onPing(s) })
	ws.SetPongHandler(func(s string) error { note("pong %q", s); return nil })
	for messages := 0; messages <= len(in); messages++ {
		var p []byte
		mt, r, err := ws.NextReader()
		if err != nil {
			note("NextReader %T %v", err, err)
			log = append(log, frames(m.out)...)
			return log
		}
		if messages%3 == 0 {
			p = make([]byte, messages)
			var n int
			n, err = io.ReadFull(r, p)
			p = p[:n]
		} else {
			p, err = io.ReadAll(io.LimitReader(r, 1<<20))
		}
		note("message %d %s %T %v", mt, digest(p), err, err)
	}
	t.Errorf("more messages than the %d bytes of input", len(in))
	return log
}

// pieces cuts what a peer sends into what reads return, not too many.
func pieces(in []byte, size int) (list [][]byte) {
	if size < 1 || size < len(in)/3000 {
		size = 1 + len(in)/3000
	}
	for ; len(in) > size; in = in[size:] {
		list = append(list, in[:size])
	}
	if len(in) > 0 {
		list = append(list, in)
	}
	return list
}

func compare(t *testing.T, data []byte) {
	want, got := play(t, gorillaLibrary, data), play(t, compatLibrary, data)
	compareLogs(t, strings.Contains(want[0], "compress:true"), want, got)
}

// compareLogs fails the test where the logs part, unless compat is at the bound
// on what a message inflates to, a difference on purpose.
func compareLogs(t *testing.T, compress bool, want, got []string) {
	limited := func(line string) bool {
		return compress && (strings.Contains(line, "websocket: read limit exceeded") || strings.HasSuffix(line, ` "\x03\xf1"`))
	}
	for i := 0; i < len(want) || i < len(got); i++ {
		var w, g string
		if i < len(want) {
			w = want[i]
		}
		if i < len(got) {
			g = got[i]
		}
		if w != g {
			if limited(g) {
				return
			}
			from := i - 12
			if from < 0 {
				from = 0
			}
			t.Errorf("after\n  %s\ngorilla: %s\ncompat:  %s", strings.Join(want[from:i], "\n  "), w, g)
			return
		}
	}
}

// choices are decisions taken from the bytes of a script.
type choices struct{ data []byte }

// n returns a number below limit.
func (c *choices) n(limit int) int {
	if len(c.data) == 0 {
		return 0
	}
	v := int(c.data[0])
	c.data = c.data[1:]
	if limit > 256 && len(c.data) > 0 {
		v = v<<8 | int(c.data[0])
		c.data = c.data[1:]
	}
	return v % limit
}

// one in n times it is true.
func (c *choices) one(n int) bool { return c.n(n) == n-1 }

func (c *choices) pick(values ...int) int { return values[c.n(len(values))] }

// size returns a payload size near the limits that matter.
func (c *choices) size() int {
	base := c.pick(0, 1, 7, 100, 125, 126, 127, 500, 4096, 4200, 9000, 65535, 65536, 70000)
	return base + c.n(3)
}

func payload(size int, salt int) []byte {
	p := make([]byte, size)
	for i := range p {
		p[i] = "abcdefghijklmnopqrstuvwxyz"[(i*i+salt)%26]
	}
	return p
}

// stream makes what the peer sends.
func (c *choices) stream(toServer, compress bool) []byte {
	var b []byte
	frame := func(first byte, p []byte) {
		masked := toServer
		if c.one(60) {
			masked = !masked
		}
		if c.one(60) {
			first ^= byte(c.pick(0x10, 0x20, 0x40, 0x80, 1, 2, 4, 8))
		}
		b = appendFrame(b, first, masked, [4]byte{1, byte(len(b)), 3, 4}, p)
	}
	control := func() {
		switch c.n(6) {
		case 0, 1:
			frame(0x89, payload(c.pick(0, 1, 5, 125, 125, 126), 1))
		case 2, 3:
			frame(0x8a, payload(c.pick(0, 1, 5, 125), 2))
		case 4:
			if c.one(3) {
				code := c.pick(1000, 1001, 1002, 1004, 1005, 1006, 1009, 1014, 1015, 2000, 3000, 4999, 5000, 999)
				text := [...]string{"", "bye", "\xff\xfe", strings.Repeat("x", 123)}[c.n(4)]
				frame(0x88, append(binary.BigEndian.AppendUint16(nil, uint16(code)), text...))
			}
		default:
			if c.one(6) {
				frame(0x88, payload(c.n(2), 0))
			}
		}
	}
	for i := c.n(10); i >= 0; i-- {
		first := byte(c.pick(1, 2))
		p := payload(c.size(), i)
		if compress && c.one(2) {
			first |= 0x40
			p = deflated(p)
			if c.one(4) && len(p) > 2 {
				p[c.n(len(p))] ^= byte(1 + c.n(255))
			}
			if c.one(10) {
				p = p[:c.n(len(p)+1)]
			}
		}
		for fragments := c.pick(0, 0, 0, 1, 2, 5); fragments > 0; fragments-- {
			n := 0
			if len(p) > 0 {
				n = c.n(len(p) + 1)
			}
			frame(first, p[:n])
			p = p[n:]
			first = 0
			if c.one(3) {
				control()
			}
		}
		frame(first|0x80, p)
		if c.one(2) {
			control()
		}
	}
	switch c.n(8) {
	case 0:
		b = b[:c.n(len(b))]
	case 1:
		b = append(b, 0x82, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		b = append(b, payload(20, 3)...)
	case 2:
		b = append(b, 0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		b = append(b, payload(20, 3)...)
	}
	return b
}

func deflated(p []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 3)
	w.Write(p)
	w.Flush()
	return b.Bytes()[:b.Len()-4]
}

// appendFrame codes a frame, with whatever in its first byte.
func appendFrame(b []byte, first byte, masked bool, key [4]byte, p []byte) []byte {
	var mask byte
	if masked {
		mask = 0x80
	}
	b = append(b, first)
	switch {
	case len(p) > 65535:
		b = binary.BigEndian.AppendUint64(append(b, mask|127), uint64(len(p)))
	case len(p) > 125:
		b = binary.BigEndian.AppendUint16(append(b, mask|126), uint16(len(p)))
	default:
		b = append(b, mask|byte(len(p)))
	}
	if !masked {
		return append(b, p...)
	}
	b = append(b, key[:]...)
	for i := range p {
		b = append(b, p[i]^key[i&3])
	}
	return b
}

// frames decodes what was written, without the mask keys. Into how many pieces
// a frame is cut, and so how much of it precedes an error, is not compared.
func frames(b []byte) (list []string) {
	for len(b) > 0 {
		if len(b) < 14 && (len(b) < 2 || len(b) < headerSize(b[1])) {
			return list
		}
		first, masked, n, size := b[0], b[1]&0x80 != 0, int(b[1]&0x7f), 2
		switch n {
		case 126:
			n, size = int(binary.BigEndian.Uint16(b[2:])), 4
		case 127:
			n, size = int(binary.BigEndian.Uint64(b[2:])), 10
		}
		var key []byte
		if masked {
			key = b[size : size+4]
			size += 4
		}
		if len(b) < size+n {
			return list
		}
		p := append([]byte(nil), b[size:size+n]...)
		for i := range p {
			if masked {
				p[i] ^= key[i&3]
			}
		}
		list = append(list, fmt.Sprintf("frame %#04x masked=%v %s", first, masked, digest(p)))
		b = b[size+n:]
	}
	return list
}

// headerSize is the size of a header with that second byte.
func headerSize(second byte) int {
	size := 2
	switch second & 0x7f {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if second&0x80 != 0 {
		size += 4
	}
	return size
}

func digest(p []byte) string {
	if p == nil {
		return "nil"
	}
	if len(p) <= 40 {
		return fmt.Sprintf("%q", p)
	}
	return fmt.Sprintf("%d bytes, sum %08x", len(p), crc32.ChecksumIEEE(p))
}

// timeout is a temporary network error.
type timeout struct{}

func (timeout) Error() string   { return "memory: i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

var errHandler = errors.New("handler failed")

// play runs the script data and returns what happened.
func play(t testing.TB, l library, data []byte) (log []string) {
	defer time.AfterFunc(hang, func() { panic("hangs") }).Stop()
	c := &choices{data}
	note := func(format string, args ...interface{}) { log = append(log, fmt.Sprintf(format, args...)) }
	result := func(what string, err error) { note("%s: %T %v", what, err, err) }

	server := c.one(2)
	o := connOptions{
		readBuffer:  c.pick(0, 0, 100, 1000, 5000),
		writeBuffer: c.pick(0, 0, 0, 10, 100, 1000, 5000),
		compress:    c.one(2),
		pool:        c.one(4),
	}
	m := &memoryConn{compress: o.compress, inErr: io.EOF, limit: -1, limited: errMemoryWrite}
	switch c.n(5) {
	case 0:
		m.inErr = timeout{}
	case 1:
		m.inErr = errors.New("memory: reset")
	}
	if c.one(6) {
		m.limit = c.n(20000)
		if c.one(2) {
			m.limited = timeout{}
		}
	}
	in := c.stream(server, o.compress)
	m.in = pieces(in, c.pick(1, 3, 50, 1000, 4096, 1<<20))
	note("server %v, %+v, write limit %d", server, o, m.limit)
	ws := l.connect(t, m, server, o)

	if c.one(3) {
		ws.SetReadLimit(int64(c.pick(0, -1, 1, 10, 100, 126, 5000, 70000)))
	}
	closeInHandler := c.one(20)
	handler := func(kind string, failing bool, reply func(string) error) func(string) error {
		return func(s string) error {
			note("%s handler %q", kind, s)
			if closeInHandler {
				note("close in handler: %v", ws.Close())
			}
			if failing {
				return errHandler
			}
			if reply != nil {
				return reply(s)
			}
			return nil
		}
	}
	if c.one(2) {
		ws.SetPingHandler(handler("ping", c.one(5), func(s string) error {
			return ws.WriteControl(10, []byte(s+"!"), time.Now().Add(time.Hour))
		}))
	}
	if c.one(2) {
		ws.SetPongHandler(handler("pong", c.one(5), nil))
	}
	switch c.n(4) {
	case 0:
		h := handler("close", c.one(5), nil)
		ws.SetCloseHandler(func(code int, text string) error { return h(fmt.Sprint(code, text)) })
	case 1:
		ws.SetCloseHandler(func(code int, text string) error {
			note("close handler %d %q", code, text)
			return ws.WriteMessage(2, []byte("before closing"))
		})
	}

	var r io.Reader
	var w io.WriteCloser
	begun := false // whether a message has been sent in part
	for i := c.n(40); i >= 0; i-- {
		messageType := c.pick(1, 2, 1, 2, 1, 2, 8, 9, 10, 3)
		switch c.n(20) {
		case 0, 1, 2, 3:
			mt, p, err := ws.ReadMessage()
			result(fmt.Sprintf("ReadMessage %d %s", mt, digest(p)), err)
		case 4, 5:
			mt, next, err := ws.NextReader()
			note("NextReader %d", mt)
			result("NextReader", err)
			if err == nil {
				r = next
			}
		case 6, 7:
			if r != nil {
				p := make([]byte, c.pick(0, 1, 10, 5000, 100000))
				n, err := io.ReadFull(r, p)
				if len(p) == 1 {
					n, err = r.Read(p)
				}
				result("Read "+digest(p[:n]), err)
			}
		case 8:
			var v string
			result("ReadJSON", ws.ReadJSON(&v))
		case 9, 10:
			size := c.size()
			note("WriteMessage type %d, %d bytes", messageType, size)
			result("WriteMessage", ws.WriteMessage(messageType, payload(size, i)))
		case 11:
			next, err := ws.NextWriter(messageType)
			note("NextWriter type %d", messageType)
			result("NextWriter", err)
			if err == nil {
				w = next
			}
		case 12, 13:
			if w == nil {
				break
			}
			n, err := w.Write(payload(c.size(), i))
			note("Write %d", n)
			result("Write", err)
		case 14:
			if w == nil {
				break
			}
			if sw, ok := w.(io.StringWriter); ok {
				n, err := sw.WriteString(string(payload(c.size(), i)))
				note("WriteString %d", n)
				result("WriteString", err)
			}
			if rf, ok := w.(io.ReaderFrom); ok {
				n, err := rf.ReadFrom(bytes.NewReader(payload(c.size(), i)))
				note("ReadFrom %d", n)
				result("ReadFrom", err)
			}
		case 15:
			if w != nil {
				result("Close writer", w.Close())
			}
		case 16:
			deadline := [...]time.Time{{}, time.Now().Add(time.Hour), time.Now().Add(-time.Hour)}[c.n(3)]
			result("WriteControl", ws.WriteControl(messageType, payload(c.pick(0, 2, 125, 126), i), deadline))
		case 17:
			if w != nil && c.one(2) {
				w.Close()
			} else if begun {
				break // gorilla would put it between the frames of another message
			}
			if m.limit >= 0 && !server {
				break // gorilla writes all frames at once
			}
			result("WritePreparedMessage", l.writePrepared(ws, messageType, payload(c.size(), i)))
		case 18:
			switch c.n(6) {
			case 0:
				ws.EnableWriteCompression(c.one(2))
			case 1:
				result("SetCompressionLevel", ws.SetCompressionLevel(c.n(14)-3))
			case 2:
				ws.SetWriteDeadline([...]time.Time{{}, time.Now().Add(time.Hour)}[c.n(2)])
			case 3:
				result("WriteJSON", ws.WriteJSON([]interface{}{"<json>", map[string]int{"a": 1}, func() {}}[c.n(3)]))
			case 4:
				ws.SetReadLimit(int64(c.pick(0, 10, 100, 5000)))
			case 5:
				result("WriteJSON", ws.WriteJSON(string(payload(c.size(), i))))
			}
		default:
			if c.one(5) {
				result("Close", ws.Close())
			}
		}
		m.mu.Lock()
		if written := frames(m.out); len(written) > 0 {
			log = append(log, written...)
			note("deadline %v", m.deadline)
			for _, f := range written {
				if first, _ := strconv.ParseUint(f[len("frame "):][:4], 0, 8); first&0xf < 8 {
					begun = first&0x80 == 0
				}
			}
		}
		if m.limit != len(m.out) {
			m.out = m.out[:0]
			if m.limit >= 0 {
				m.limit = 20000
			}
		}
		m.mu.Unlock()
	}
	ws.Close()
	return log
}
