package conformance

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// readScenarios are about what arrives.
func readScenarios() []scenario {
	long := strings.Repeat("0123456789abcdef", 4097)
	list := []scenario{
		{name: "end at once"},
		{name: "text", in: []interface{}{text("hello"), text("world")}},
		{name: "binary", in: []interface{}{bin("\x00\xff\x80")}},
		{name: "empty messages", in: []interface{}{text(""), bin(""), text("x")}},
		{name: "text that is no UTF-8", in: []interface{}{text("\xff\xfe")}},
		{name: "lengths", chunk: []int{0, 4096}, in: []interface{}{
			bin(long[:125]), bin(long[:126]), bin(long[:127]), bin(long[:4096]), bin(long[:65535]), bin(long[:65536]),
		}},
		{name: "longer length than needed", in: []interface{}{
			frame{b0: 0x81, payload: "two bytes", wide: 2}, frame{b0: 0x82, payload: "eight bytes", wide: 8}, frame{b0: 0x89, payload: "ping", wide: 2},
		}},
		{name: "fragments", in: []interface{}{begin("a"), more("b"), more("c"), end("d"), text("next")}},
		{name: "empty fragments", in: []interface{}{begin(""), more(""), end(""), begin(""), end("x"), begin("y"), end("")}},
		{name: "control between fragments", in: []interface{}{begin("a"), ping("1"), more("b"), pong("2"), end("c")}},
		{name: "close between fragments", in: []interface{}{begin("a"), closing(1001, "bye"), end("c")}},

		// Control frames.
		{name: "ping", in: []interface{}{ping("payload"), text("x")}},
		{name: "empty ping", in: []interface{}{ping("")}},
		{name: "longest ping", in: []interface{}{ping(long[:125])}},
		{name: "ping that is no UTF-8", in: []interface{}{ping("\xff")}},
		{name: "pong", in: []interface{}{pong("payload"), pong(""), text("x")}},
		{name: "many pings", in: []interface{}{ping("1"), ping("2"), ping("3"), text("x"), ping("4")}},
		{name: "close", in: []interface{}{closing(1000, "")}},
		{name: "close with reason", in: []interface{}{closing(1000, "good bye")}},
		{name: "close without code", in: []interface{}{frame{b0: 0x88}}},
		{name: "close of one byte", in: []interface{}{frame{b0: 0x88, payload: "x"}}},
		{name: "close with longest reason", in: []interface{}{closing(1000, long[:123])}},
		{name: "close with a reason that is no UTF-8", in: []interface{}{closing(1000, "\xc3\x28")}},
		{name: "close with a reason cut in a rune", in: []interface{}{closing(1000, "\xe2\x82")}},
		{name: "messages after close", in: []interface{}{closing(1000, ""), text("late"), ping("late")}},
		{name: "close twice", in: []interface{}{closing(1000, ""), closing(1001, "")}},

		// Protocol errors.
		{name: "RSV1", in: []interface{}{frame{b0: 0xc1, payload: "x"}}},
		{name: "RSV2", in: []interface{}{frame{b0: 0xa1, payload: "x"}}},
		{name: "RSV3", in: []interface{}{frame{b0: 0x91, payload: "x"}}},
		{name: "all RSV bits of a ping", in: []interface{}{frame{b0: 0xf9, payload: "x"}}},
		{name: "mask the wrong way", in: []interface{}{frame{b0: 0x81, payload: "hello", wrongWay: true}}},
		{name: "ping masked the wrong way", in: []interface{}{frame{b0: 0x89, payload: "hello", wrongWay: true}}},
		{name: "long ping", in: []interface{}{ping(long[:126])}},
		{name: "long close", in: []interface{}{closing(1000, long[:124])}},
		{name: "fragment of a ping", in: []interface{}{frame{b0: 0x09, payload: "x"}}},
		{name: "fragment of a close", in: []interface{}{frame{b0: 0x08}}},
		{name: "text before the end of a message", in: []interface{}{begin("a"), text("b")}},
		{name: "new fragment before the end of a message", in: []interface{}{begin("a"), begin("b")}},
		{name: "continuation of nothing", in: []interface{}{end("a")}},
		{name: "continuation after the end", in: []interface{}{text("a"), more("b")}},
		{name: "every error at once", in: []interface{}{frame{b0: 0x79, payload: long[:126], wrongWay: true}}},
		{name: "errors of a continuation", in: []interface{}{frame{b0: 0xf0, payload: "x", wrongWay: true}}},
		{name: "error after a message", in: []interface{}{text("good"), frame{b0: 0xa1}}},
		{name: "error with handlers that count", in: []interface{}{ping("1"), frame{b0: 0x83}}},
		{name: "header of an error only", in: []interface{}{"\xff\xff"}},

		// Lengths that cannot be.
		{name: "length above 2^63", in: []interface{}{frame{b0: 0x82, payload: "x", length: -1}}},
		{name: "length 2^63-1", in: []interface{}{frame{b0: 0x82, payload: "x", length: 1<<63 - 1}}},
		{name: "length above 2^63 of a continuation", in: []interface{}{frame{b0: 0x02, payload: "x"}, frame{b0: 0x80, length: -1 << 63}}},
		{name: "sum of lengths overflows", in: []interface{}{frame{b0: 0x02, payload: "x"}, frame{b0: 0x80, length: 1<<63 - 1}}},

		{name: "a thousand failing reads", in: []interface{}{text("x")}, chunk: []int{0}, play: func(r *run) {
			r.read()
			n := 0
			defer func() { r.note("%d reads", n) }()
			for ; n < 2000; n++ {
				r.c.ReadMessage()
			}
		}},
		{name: "failing reads of a reader do not count", in: []interface{}{text("x")}, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			r.readRest(rd)
			r.nextReader()
			for i := 0; i < 2000; i++ {
				rd.Read(make([]byte, 1))
			}
			r.readPart(rd, 1)
			r.nextReader()
		}},
	}
	for opcode := byte(0); opcode < 16; opcode++ {
		list = append(list, scenario{name: fmt.Sprintf("opcode %d", opcode), in: []interface{}{frame{b0: 0x80 | opcode, payload: "\x03\xe8"}}})
	}
	for _, code := range []int{0, 1, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1100, 1999, 2000, 2999, 3000, 3999, 4000, 4999, 5000, 65535} {
		list = append(list, scenario{name: fmt.Sprintf("close code %d", code), chunk: []int{0}, in: []interface{}{closing(code, "reason")}})
	}
	// The stream ends after every byte of these.
	whole := []interface{}{begin("ab"), ping("p"), frame{b0: 0x80, payload: "cd", wide: 8}, text("e")}
	for cut := 1; ; cut++ {
		var all []byte
		for _, f := range whole {
			all = append(all, f.(frame).encode(true)...)
		}
		if cut >= len(all) {
			break
		}
		list = append(list, scenario{name: fmt.Sprintf("end after %d bytes", cut), only: server, in: []interface{}{string(all[:cut])}})
	}
	list = append(list, limitScenarios()...)
	list = append(list, readerScenarios()...)
	list = append(list, handlerScenarios()...)
	return append(list, jsonScenarios()...)
}

// limitScenarios are about SetReadLimit.
func limitScenarios() []scenario {
	limited := func(limit int64) func(r *run) {
		return func(r *run) {
			r.c.SetReadLimit(limit)
			r.logHandlers()
			r.readAll()
			r.aftermath()
		}
	}
	return []scenario{
		{name: "limit reached", in: []interface{}{text("12345"), text("12345")}, play: limited(5)},
		{name: "limit passed", in: []interface{}{text("123456")}, play: limited(5)},
		{name: "limit passed after a message", in: []interface{}{text("12345"), text("123456"), text("1")}, play: limited(5)},
		{name: "limit of a message in fragments", in: []interface{}{begin("12"), more("34"), end("5"), text("1")}, play: limited(5)},
		{name: "limit passed by fragments", in: []interface{}{begin("12"), more("34"), end("56")}, play: limited(5)},
		{name: "limit does not count control frames", in: []interface{}{begin("12"), ping("123456"), end("345")}, play: limited(5)},
		{name: "limit and a long control frame", in: []interface{}{ping("123456"), text("1")}, play: limited(5)},
		{name: "no limit", in: []interface{}{text("123456")}, play: limited(0)},
		{name: "negative limit", in: []interface{}{text("123456")}, play: limited(-1)},
		{name: "limit and length 2^63-1", in: []interface{}{frame{b0: 0x82, payload: "x", length: 1<<63 - 1}}, play: limited(5)},
		{name: "limit and length above 2^63", in: []interface{}{frame{b0: 0x82, payload: "x", length: -1}}, play: limited(5)},
		{name: "limit and a length of eight bytes", in: []interface{}{frame{b0: 0x82, payload: "x", length: 65536}}, play: limited(5)},
		{name: "limit passed by the header alone", only: server, in: []interface{}{"\x81\x86\x00\x00\x00\x00"}, play: limited(5)},
		{name: "limit passed without its mask key", only: server, in: []interface{}{"\x81\x86"}, play: limited(5)},
		{name: "limit raised between fragments", in: []interface{}{begin("123"), end("456"), text("1234567")}, chunk: []int{0}, play: func(r *run) {
			r.c.SetReadLimit(3)
			rd := r.nextReader()
			r.readPart(rd, 2)
			r.c.SetReadLimit(6)
			r.readRest(rd)
			r.read()
			r.aftermath()
		}},
		{name: "limit passed while discarding", in: []interface{}{begin("123"), end("456"), text("1")}, play: func(r *run) {
			r.c.SetReadLimit(5)
			r.nextReader()
			r.nextReader()
			r.aftermath()
		}},
	}
}

// readerScenarios are about NextReader and its readers.
func readerScenarios() []scenario {
	return []scenario{
		{name: "reader gives what has arrived", in: []interface{}{text("abcdefghij")}, chunk: []int{1, 3, 5}, play: func(r *run) {
			rd := r.nextReader()
			for r.readPart(rd, 100) == nil {
			}
			r.readPart(rd, 1)
		}},
		{name: "reader with a small buffer", in: []interface{}{text("abcdefghij")}, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			for r.readPart(rd, 3) == nil {
			}
		}},
		{name: "reader at the borders of fragments", in: []interface{}{begin("abc"), ping("p"), more(""), end("de")}, chunk: []int{0}, play: func(r *run) {
			r.logHandlers()
			rd := r.nextReader()
			for r.readPart(rd, 100) == nil {
			}
		}},
		{name: "control frames wait for the read that passes them", in: []interface{}{begin("abc"), ping("p"), end("de"), ping("q")}, chunk: []int{0}, play: func(r *run) {
			r.logHandlers()
			rd := r.nextReader()
			r.readPart(rd, 2)
			r.readPart(rd, 1)
			r.readPart(rd, 1)
			r.readPart(rd, 1)
			r.readPart(rd, 1)
			r.nextReader()
		}},
		{name: "reader with an empty buffer", in: []interface{}{text("abc")}, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			r.readPart(rd, 0)
			r.readRest(rd)
			r.readPart(rd, 0)
		}},
		{name: "next reader skips the rest", in: []interface{}{text("abcdef"), text("next")}, play: func(r *run) {
			rd := r.nextReader()
			io.ReadFull(rd, make([]byte, 2))
			r.read()
		}},
		{name: "next reader skips fragments and handles control frames", in: []interface{}{begin("abc"), ping("p"), more("de"), pong("q"), end("f"), text("next")}, play: func(r *run) {
			r.logHandlers()
			rd := r.nextReader()
			io.ReadFull(rd, make([]byte, 2))
			r.nextReader()
		}},
		{name: "next reader after an unread message", in: []interface{}{text("abc"), text(""), text("next")}, play: func(r *run) {
			r.nextReader()
			r.nextReader()
			r.readRest(r.nextReader())
		}},
		{name: "stale reader", in: []interface{}{text("abc"), text("def")}, play: func(r *run) {
			stale := r.nextReader()
			rd := r.nextReader()
			r.readPart(stale, 10)
			r.readRest(rd)
			r.readPart(stale, 10)
		}},
		{name: "reader after its end", in: []interface{}{text("abc"), text("def")}, play: func(r *run) {
			rd := r.nextReader()
			r.readRest(rd)
			r.readPart(rd, 1)
			r.readPart(rd, 1)
			r.read()
			r.readPart(rd, 1)
		}},
		{name: "reader whose connection ends", in: []interface{}{begin("abc")}, play: func(r *run) {
			rd := r.nextReader()
			r.readRest(rd)
			r.readPart(rd, 1)
			r.nextReader()
			r.readPart(rd, 1)
		}},
		{name: "reader whose frame is cut off", in: []interface{}{frame{b0: 0x82, payload: "abc", length: 70000}}, play: func(r *run) {
			rd := r.nextReader()
			r.readRest(rd)
			r.readPart(rd, 1)
			r.read()
		}},
		{name: "skipped frame is cut off", in: []interface{}{frame{b0: 0x82, payload: "abc", length: 70000}}, play: func(r *run) {
			r.nextReader()
			r.nextReader()
			r.aftermath()
		}},
		{name: "read deadline passed", in: []interface{}{text("abc"), text("def")}, open: true, chunk: []int{0}, play: func(r *run) {
			r.read()
			r.did("set", r.c.SetReadDeadline(time.Now().Add(-time.Hour)))
			r.read() // what was read ahead is still delivered
			r.read()
			r.did("set", r.c.SetReadDeadline(time.Time{}))
			r.aftermath()
		}},
		{name: "read deadline passes in a message", in: []interface{}{begin("abc")}, open: true, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			r.readPart(rd, 10)
			r.did("set", r.c.SetReadDeadline(time.Now().Add(-time.Hour)))
			r.readPart(rd, 10)
			r.readPart(rd, 10)
			r.did("set", r.c.SetReadDeadline(time.Now().Add(time.Hour)))
			r.readPart(rd, 10)
			r.aftermath()
		}},
		{name: "read deadline passes in a frame", in: []interface{}{frame{b0: 0x81, payload: "abc", length: 10}}, open: true, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			r.readPart(rd, 10)
			r.did("set", r.c.SetReadDeadline(time.Now().Add(-time.Hour)))
			r.readPart(rd, 10)
			r.readPart(rd, 10)
			r.read()
			r.aftermath()
		}},
		{name: "join", in: []interface{}{text("a"), begin("b"), end("c"), text(""), bin("d")}, play: func(r *run) {
			r.readRest(r.join(r.c, ""))
		}},
		{name: "join with a term", in: []interface{}{text("a"), begin("b"), end("c"), text(""), bin("d"), closing(1000, "")}, play: func(r *run) {
			r.readRest(r.join(r.c, "--"))
		}},
		{name: "join in small pieces", in: []interface{}{text("abc"), text("de")}, chunk: []int{0}, play: func(r *run) {
			rd := r.join(r.c, "--")
			for r.readPart(rd, 2) == nil {
			}
			r.readPart(rd, 2)
		}},
		{name: "close with messages buffered", in: []interface{}{text("a"), text("b"), text("c")}, chunk: []int{0}, play: func(r *run) {
			r.read()
			r.close()
			r.readAll()
			r.aftermath()
		}},
		{name: "close with messages behind a long one", in: []interface{}{bin(strings.Repeat("0123456789", 1000)), text("a"), text("b")}, chunk: []int{0}, play: func(r *run) {
			r.read()
			r.close()
			r.readAll()
		}},
		{name: "close with part of a message buffered", in: []interface{}{begin("abc"), end("def"), text("c")}, chunk: []int{0}, play: func(r *run) {
			rd := r.nextReader()
			r.readPart(rd, 2)
			r.close()
			r.readRest(rd)
			r.readAll()
		}},
	}
}
