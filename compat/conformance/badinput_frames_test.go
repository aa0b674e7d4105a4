package conformance

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math"
	"strings"
)

// badFrames are frames that should not be, or not at this place.
func badFrames() []badInput {
	in := func(frames ...interface{}) []interface{} { return frames }
	deflate := options{compress: true}
	list := []badInput{
		{name: "mask the wrong way", frames: in(frame{b0: 0x81, payload: "x", wrongWay: true})},
		{name: "RSV1", frames: in(frame{b0: 0xc1, payload: "x"})},
		{name: "RSV2", frames: in(frame{b0: 0xa1, payload: "x"})},
		{name: "RSV2 beside compression", like: "RSV2", o: deflate, frames: in(frame{b0: 0xe1, payload: "x"})},
		{name: "RSV3", frames: in(frame{b0: 0x91, payload: "x"})},
		{name: "RSV1 on a continuation with compression", o: deflate, frames: in(begin("plain "), frame{b0: 0xc0, payload: "text"}, text("next"))},
		{name: "RSV1 on a continuation of a compressed message", like: "RSV1 on a continuation with compression", o: deflate,
			frames: in(frame{b0: 0x41}, frame{b0: 0xc0, payload: deflated("compressed").payload}, text("next"))},
		{name: "RSV1 on a ping with compression", o: deflate, frames: in(frame{b0: 0xc9, payload: "p"}, text("next"))},
		{name: "RSV1 on a ping without compression", like: "RSV1", frames: in(frame{b0: 0xc9, payload: "p"})},
		{name: "RSV1 on a close frame with compression", like: "RSV1 on a ping with compression", o: deflate, frames: in(frame{b0: 0xc8, payload: "\x03\xe9"})},
		{name: "every error in one frame", frames: in(frame{b0: 0x79, payload: strings.Repeat("x", 126), wrongWay: true})},
		{name: "HTTP in place of frames", like: "every error in one frame", frames: in("GET / HTTP/1.1\r\n\r\n")},

		{name: "continuation of nothing", frames: in(end("x"))},
		{name: "continuation behind the end", like: "continuation of nothing", frames: in(begin("a"), end("b"), more("c"))},
		{name: "message between fragments", frames: in(begin("a"), text("b"))},
		{name: "fragment of another message between fragments", like: "message between fragments", frames: in(begin("a"), begin("b"))},
		{name: "fragment of a ping", frames: in(frame{b0: 0x09, payload: "x"})},
		{name: "fragment of a close frame", like: "fragment of a ping", frames: in(frame{b0: 0x08})},
		{name: "ping of 126 bytes", frames: in(ping(strings.Repeat("x", 126)))},
		{name: "ping of 70000 bytes", like: "ping of 126 bytes", frames: in(ping(strings.Repeat("x", 70000)))},
		{name: "close frame of 126 bytes", like: "ping of 126 bytes", frames: in(closing(1000, strings.Repeat("x", 124)))},
		{name: "ping of 5 bytes with a length of two", like: "ping of 126 bytes", frames: in(frame{b0: 0x89, payload: "wider", wide: 2})},

		{name: "close frame of one byte", frames: in(frame{b0: 0x88, payload: "\x03"})},
		{name: "close frame with a reason that is no UTF-8", frames: in(closing(1000, "\xc3\x28"))},
		{name: "close frame with a reason that ends in a rune", like: "close frame with a reason that is no UTF-8", frames: in(closing(1000, "\xe2\x82"))},
		{name: "close frame between fragments", frames: in(begin("a"), closing(1001, "bye"))},
		{name: "message behind a close frame", frames: in(closing(1000, ""), text("late"))},
		{name: "ping behind a close frame", like: "message behind a close frame", frames: in(closing(1000, ""), ping("late"))},
		{name: "two close frames", like: "message behind a close frame", frames: in(closing(1001, "first"), closing(1002, "second"))},
		{name: "text that is no UTF-8", frames: in(text("\xff\xfe"))},

		{name: "length with the top bit", frames: in(frame{b0: 0x82, payload: "x", length: -1})},
		{name: "length of nothing but the top bit", like: "length with the top bit", frames: in(frame{b0: 0x82, length: math.MinInt64})},
		{name: "length with the top bit and a limit", like: "length with the top bit", limit: 1 << 20, frames: in(frame{b0: 0x82, length: -1})},
		{name: "length with the top bit that makes the sum smaller", like: "length with the top bit", frames: in(begin("more than one"), frame{b0: 0x80, length: -1})},
		{name: "length 2^63-1", frames: in(frame{b0: 0x82, payload: "x", length: math.MaxInt64}), end: true},
		{name: "length 2^63-1 and a limit", limit: 1 << 20, frames: in(frame{b0: 0x82, length: math.MaxInt64})},
		{name: "length one above the limit", like: "length 2^63-1 and a limit", limit: 5, frames: in(frame{b0: 0x82, length: 6})},
		{name: "lengths that overflow in sum", frames: in(frame{b0: 0x02, payload: "x"}, frame{b0: 0x80, length: math.MaxInt64})},
		{name: "lengths that overflow in sum and a limit", like: "lengths that overflow in sum", limit: 1 << 20, frames: in(frame{b0: 0x02, payload: "x"}, frame{b0: 0x80, length: math.MaxInt64})},
		{name: "fragments beyond the limit in sum", limit: 5, frames: in(begin("123"), ping("not counted"), more("45"), end("6"))},
		{name: "length of 5 in two bytes", frames: in(frame{b0: 0x81, payload: "wider", wide: 2})},
		{name: "length of 5 in eight bytes", like: "length of 5 in two bytes", frames: in(frame{b0: 0x81, payload: "wider", wide: 8})},
	}
	for i, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		b := badInput{name: fmt.Sprintf("opcode %d", op), frames: in(frame{b0: 0x80 | op, payload: "x"})}
		if i > 0 {
			b.like = "opcode 3"
		}
		list = append(list, b)
	}
	// All codes are refused in one place, for two reasons.
	for i, code := range []int{1005, 1006, 1015} {
		b := badInput{name: fmt.Sprintf("close code %d, which is not for the wire", code), frames: in(closing(code, ""))}
		if i > 0 {
			b.like = "close code 1005, which is not for the wire"
		}
		list = append(list, b)
	}
	for i, code := range []int{0, 999, 1004, 1014, 1016, 2000, 2999, 5000, 65535} {
		b := badInput{name: fmt.Sprintf("close code %d, which nobody may use", code), frames: in(closing(code, ""))}
		if i > 0 {
			b.like = "close code 0, which nobody may use"
		}
		list = append(list, b)
	}
	return append(list, cutShort()...)
}

// cutShort are streams that end where none may.
func cutShort() []badInput {
	packed := deflated(strings.Repeat("compressed ", 10)).payload
	list := []badInput{
		{name: "end without a close frame", frames: []interface{}{}},
		{name: "end in the first two bytes", like: "end without a close frame", frames: []interface{}{"\x81"}},
		{name: "end in a length", like: "end without a close frame", frames: []interface{}{string(frame{b0: 0x81, payload: "x", wide: 8}.encode(true)[:5])}, only: server},
		{name: "end in a mask key", like: "end without a close frame", frames: []interface{}{string(text("x").encode(true)[:4])}, only: server},
		{name: "end in a payload", frames: []interface{}{frame{b0: 0x81, payload: "part", length: 10}}},
		{name: "end before a payload", like: "end in a payload", frames: []interface{}{frame{b0: 0x81, length: 10}}},
		{name: "end in a ping", frames: []interface{}{"\x89\x05ab"}, only: client},
		{name: "end between fragments", frames: []interface{}{begin("part")}},
		{name: "end in a compressed payload", o: options{compress: true}, frames: []interface{}{frame{b0: 0xc1, payload: packed, length: 100}}},
		{name: "end between compressed fragments", o: options{compress: true}, frames: []interface{}{frame{b0: 0x41, payload: packed}}},
	}
	for i := range list {
		list[i].end = true
	}
	return list
}

// badMessages are compressed messages that are none, or too much.
func badMessages() []badInput {
	compressed := func(payload string) []interface{} {
		return []interface{}{frame{b0: 0xc1, payload: payload}, text("next")}
	}
	words := deflated(strings.Repeat("several words ", 20)).payload
	first, second := inOneContext()
	list := []badInput{
		{name: "compressed message of no bytes", frames: compressed("")},
		{name: "compressed message of a block that cannot be", frames: compressed("\xff\xff\xff\xff")},
		{name: "compressed message that refers to before its start", like: "compressed message of a block that cannot be", frames: compressed(second)},
		{name: "compressed message that refers to the one before", frames: []interface{}{frame{b0: 0xc1, payload: first}, frame{b0: 0xc1, payload: second}}},
		{name: "compressed message with a stored block of two lengths", like: "compressed message of a block that cannot be", frames: compressed("\x00\x02\x00\x02\x00ab")},
		{name: "compressed message that stops in a block", frames: compressed(words[:len(words)-4])},
		{name: "compressed message with more behind its final block", frames: compressed(finished("final") + "more")},
		{name: "compressed message beyond the limit on the wire", like: "length 2^63-1 and a limit", limit: 5, frames: compressed(words)},
		{name: "compressed message that inflates beyond the limit", limit: 1000, frames: compressed(deflated(strings.Repeat("a", 1001)).payload)},
	}
	for i := range list {
		list[i].o.compress = true
	}
	return list
}

// inOneContext compresses a text twice in one stream: what comes second refers to
// the first.
func inOneContext() (first, second string) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	message := func() string {
		b.Reset()
		io.WriteString(w, "a text that comes twice")
		w.Flush()
		return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
	}
	return message(), message()
}
