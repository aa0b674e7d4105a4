package conformance

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
)

// deflate compresses as RFC 7692 has it, without the end of the stream.
func deflate(s string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, s)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// finished compresses to a complete stream, with a final block.
func finished(s string) string {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// deflated is a compressed message in one frame.
func deflated(s string) frame { return frame{b0: 0xc1, payload: deflate(s)} }

// deflateScenarios are about permessage-deflate.
func deflateScenarios() []scenario {
	on := options{compress: true}
	words := strings.Repeat("to be compressed, ", 50)
	packed := deflate(words)
	corrupt := frame{b0: 0xc1, payload: "\xff\xff\xff\xff"}
	list := []scenario{
		// Inbound.
		{name: "deflated", in: []interface{}{deflated("hello"), deflated(words), text("plain"), deflated("again")}},
		{name: "deflated empty message", in: []interface{}{deflated(""), deflated("x")}},
		{name: "deflated without a byte", in: []interface{}{frame{b0: 0xc1}, deflated("x")}},
		{name: "deflated to a single zero byte", in: []interface{}{frame{b0: 0xc1, payload: "\x00"}, deflated("x")}},
		{name: "deflated with a final block", in: []interface{}{frame{b0: 0xc1, payload: finished("final")}, deflated("x")}},
		{name: "deflated with a final block and the stripped one", in: []interface{}{frame{b0: 0xc1, payload: finished("final") + "\x00"}, deflated("x")}},
		{name: "deflated in fragments", in: []interface{}{
			frame{b0: 0x41, payload: packed[:5]}, more(packed[5:9]), ping("p"), end(packed[9:]), text("plain"),
		}},
		{name: "deflated with empty fragments", in: []interface{}{frame{b0: 0x41}, more(packed), end(""), text("plain")}},
		{name: "RSV1 on a continuation", in: []interface{}{frame{b0: 0x41, payload: packed[:5]}, frame{b0: 0xc0, payload: packed[5:]}, text("plain")}},
		{name: "RSV1 on a continuation of plain text", in: []interface{}{begin("a"), frame{b0: 0xc0, payload: "b"}, text("plain")}},
		{name: "RSV1 on control frames", in: []interface{}{frame{b0: 0xc9, payload: "p"}, frame{b0: 0xca, payload: "q"}, text("plain"), frame{b0: 0xc8}}},
		{name: "RSV1 on a ping between fragments", in: []interface{}{frame{b0: 0x41, payload: packed[:5]}, frame{b0: 0xc9, payload: "p"}, end(packed[5:]), begin("a"), frame{b0: 0xc9}, end("b")}},
		{name: "RSV1 and RSV2", in: []interface{}{frame{b0: 0xe1, payload: packed}}},
		{name: "corrupt", in: []interface{}{corrupt, text("next"), deflated("and next")}, play: func(r *run) {
			r.read()
			r.read()
			r.read()
			r.aftermath()
		}},
		{name: "corrupt in fragments", in: []interface{}{frame{b0: 0x41, payload: "\xff\xff"}, more("\xff\xff"), ping("p"), end("rest"), text("next")}, play: func(r *run) {
			r.logHandlers()
			r.read()
			r.read()
			r.aftermath()
		}},
		{name: "deflated and cut short", in: []interface{}{frame{b0: 0xc1, payload: packed[:len(packed)-6]}, text("next")}, play: func(r *run) {
			r.read()
			r.read()
			r.aftermath()
		}},
		{name: "deflated and the stream ends", in: []interface{}{frame{b0: 0x41, payload: packed[:8]}}},
		{name: "deflated and closed in between", in: []interface{}{frame{b0: 0x41, payload: packed[:8]}, closing(1001, "")}},
		{name: "deflated and left unread", in: []interface{}{deflated(words), deflated("next")}, play: func(r *run) {
			r.nextReader()
			r.read()
		}},
		{name: "deflated and read in part", in: []interface{}{deflated(words), deflated("next")}, play: func(r *run) {
			rd := r.nextReader()
			n, err := io.ReadFull(rd, make([]byte, 20))
			r.did("read full", n, err)
			r.read()
			n, err = rd.Read(make([]byte, 1))
			r.did("stale reader", n, err != nil)
		}},
		{name: "deflated reader after its end", in: []interface{}{deflated("x"), text("next")}, play: func(r *run) {
			rd := r.nextReader()
			r.readRest(rd)
			_, err := rd.Read(make([]byte, 1))
			r.did("read", err)
			r.read()
		}},
		{name: "deflated within the limit", in: []interface{}{deflated("x"), deflated("y")}, play: func(r *run) {
			r.c.SetReadLimit(100)
			r.readAll()
			r.aftermath()
		}},
		{name: "deflated beyond the limit on the wire", in: []interface{}{deflated(words), text("next")}, play: func(r *run) {
			r.c.SetReadLimit(10)
			r.readAll()
			r.aftermath()
		}},
		{name: "deflated to less than the limit", in: []interface{}{deflated(strings.Repeat("a", 10000)), text("next")}, chunk: []int{0}, play: func(r *run) {
			r.c.SetReadLimit(1000)
			r.readAll()
			r.aftermath()
		}},
		{name: "ping handler fails in a deflated message", in: []interface{}{frame{b0: 0x41, payload: packed[:5]}, ping("p"), end(packed[5:]), text("x")}, play: func(r *run) {
			r.c.SetPingHandler(func(string) error { return errHandler })
			r.readAll()
			r.aftermath()
		}},

		// Outbound.
		{name: "deflate messages", play: func(r *run) {
			r.write(textMessage, "hello")
			r.write(binaryMessage, words)
			r.write(textMessage, "")
			r.write(textMessage, strings.Repeat("x", 70000))
			r.did("write nil", r.c.WriteMessage(binaryMessage, nil))
		}},
		{name: "deflate JSON", play: func(r *run) {
			r.did("map", r.c.WriteJSON(map[string]int{"a": 1}))
			r.did("chan", r.c.WriteJSON(make(chan int)))
		}},
		{name: "control frames are not deflated", play: func(r *run) {
			r.write(pingMessage, "p")
			r.control(pongMessage, "q")
			w := r.nextWriter(pingMessage)
			r.writePart(w, "r")
			r.closeWriter(w)
		}},
		{name: "deflate switched off and on", play: func(r *run) {
			r.c.EnableWriteCompression(false)
			r.write(textMessage, words)
			r.c.EnableWriteCompression(true)
			r.write(textMessage, words)
			w := r.nextWriter(textMessage)
			r.c.EnableWriteCompression(false)
			r.writePart(w, words)
			r.closeWriter(w)
			r.write(textMessage, "plain")
		}},
		{name: "deflating writer", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.writePart(w, "")
			r.writePart(w, words)
			r.closeWriter(w)
			r.closeWriter(w)
			r.writePart(w, "late")
			r.write(textMessage, "after")
		}},
		{name: "deflating writer without a write", play: func(r *run) { r.closeWriter(r.nextWriter(textMessage)) }},
		{name: "deflating writer that is not closed", play: func(r *run) {
			first := r.nextWriter(textMessage)
			r.writePart(first, "first")
			second := r.nextWriter(textMessage)
			r.writePart(first, "late")
			r.closeWriter(first)
			r.writePart(second, "second")
			r.write(textMessage, "third")
			r.closeWriter(second)
		}},
		{name: "deflating writer and io.Copy", play: func(r *run) {
			w := r.nextWriter(textMessage)
			n, err := io.Copy(w, strings.NewReader(words))
			r.did("copy", n, err)
			n2, err := io.WriteString(w, "string")
			r.did("write string", n2, err)
			r.closeWriter(w)
		}},
		{name: "deflate after a close frame", play: func(r *run) {
			r.control(closeMessage, "")
			r.write(textMessage, "late")
			r.nextWriter(textMessage)
		}},
		{name: "deflate and the write fails", play: func(r *run) {
			w := r.nextWriter(textMessage)
			r.writePart(w, "a")
			r.conn.failWrites(errWrite)
			r.closeWriter(w)
			r.conn.failWrites(nil)
			r.closeWriter(w)
			r.write(textMessage, "b")
		}},
		{name: "deflate prepared messages", play: func(r *run) {
			send, err := r.prepare(textMessage, []byte(words))
			r.did("prepare", err)
			r.did("send", send(r.c))
			r.c.EnableWriteCompression(false)
			r.did("send", send(r.c))
			r.c.EnableWriteCompression(true)
			r.did("set", r.c.SetCompressionLevel(9))
			r.did("send", send(r.c))
			r.did("send", send(r.c))
			send, err = r.prepare(pingMessage, []byte("p"))
			r.did("prepare", err)
			r.did("send", send(r.c))
		}},
		{name: "deflate levels that cannot be", play: func(r *run) {
			for _, level := range []int{-4, -3, 10, 100} {
				r.did(fmt.Sprintf("level %d", level), r.c.SetCompressionLevel(level))
			}
			r.write(textMessage, words)
		}},
	}
	for level := -2; level <= 9; level++ {
		list = append(list, scenario{name: fmt.Sprintf("deflate level %d", level), only: server, play: func(r *run) {
			r.did("set", r.c.SetCompressionLevel(level))
			r.write(textMessage, words)
			w := r.nextWriter(textMessage)
			r.did("set", r.c.SetCompressionLevel(1))
			r.writePart(w, words)
			r.closeWriter(w)
		}})
	}
	for i := range list {
		list[i].options = on
	}
	list = append(list, scenario{name: "deflating writer beyond the buffer", options: options{compress: true, writeBuffer: 64}, play: func(r *run) {
		w := r.nextWriter(textMessage)
		for i := 0; i < 100; i++ {
			io.WriteString(w, fmt.Sprintf("%d incompressible %x ", i, i*i*i*7919))
		}
		r.closeWriter(w)
	}})
	list = append(list, scenario{name: "deflate is not negotiated", play: func(r *run) {
		r.c.EnableWriteCompression(true)
		r.did("set", r.c.SetCompressionLevel(9))
		r.did("set", r.c.SetCompressionLevel(10))
		r.write(textMessage, words)
	}})
	return list
}
