package conformance

// differences is everything in which compat is unlike gorilla on purpose.
var differences = []difference{
	{
		scenario: "deflated to less than the limit",
		reason:   "the read limit also bounds what a message inflates to",
		lines: []string{
			`-read: 1 10000 "aaaaaaaa"…a080cbda64850abb7b7f67ee875ba068074ff6fe…"aaaaaaaa"`,
			`-read: 1 4 "next"`,
			`-read: -1 true 0 "" CloseError(1006, "unexpected EOF") "websocket: close 1006 (abnormal closure): unexpected EOF"`,
			`-write 1: ok`,
			`-  sent c1 11 "\x00\x05\x00\xfa\xffafter\x00"`,
			`-  sent c1 masked 11 "\x00\x05\x00\xfa\xffafter\x00"`,
			`-control 9: ok`,
			`-  sent 89 5 "after"`,
			`-  sent 89 masked 5 "after"`,
			`-write 1: "write script: use of closed network connection" timeout=false temporary=false is closed`,
			`+read: 1 false 1000 "aaaaaaaa"…291e9a6c66994949b57ba5e650361e98fc36b1ba…"aaaaaaaa" ErrReadLimit`,
			`+  sent 88 2 "\x03\xf1"`,
			`+  sent 88 masked 2 "\x03\xf1"`,
			`+read: -1 true 0 "" ErrReadLimit`,
			`+write 1: ErrCloseSent`,
			`+control 9: ErrCloseSent`,
		},
	},
	{
		test:     "TestBadInput",
		scenario: "compressed message that inflates beyond the limit",
		reason:   "the read limit also bounds what a message inflates to",
		lines: []string{
			`-read: 1 1001 "aaaaaaaa"…55a9b1959d8b3e16697d5cdea31028addacf1c4e…"aaaaaaaa" ok`,
			`-echo: ok`,
			`-read: 1 4 "next" ok`,
			`-read: -1 0 "" CloseError(1000, "") "websocket: close 1000 (normal)"`,
			`-received c1 18 "\xec\xc0\x81\x10\x00\x00\x00\x021\xd6\xfc%\xf2\xf8\xdb\x06\xf4\x1d"`,
			`-received c1 10 "\x00\x04\x00\xfb\xffnext\x00"`,
			`-received 88 2 "\x03\xe8"`,
			`-last close frame: 2 "\x03\xe8"`,
			`-received c1 masked 18 "\xec\xc0\x81\x10\x00\x00\x00\x021\xd6\xfc%\xf2\xf8\xdb\x06\xf4\x1d"`,
			`-received c1 masked 10 "\x00\x04\x00\xfb\xffnext\x00"`,
			`-received 88 masked 2 "\x03\xe8"`,
			`-last close frame: masked 2 "\x03\xe8"`,
			`+read: 1 1000 "aaaaaaaa"…291e9a6c66994949b57ba5e650361e98fc36b1ba…"aaaaaaaa" ErrReadLimit`,
			`+received 88 2 "\x03\xf1"`,
			`+last close frame: 2 "\x03\xf1"`,
			`+received 88 masked 2 "\x03\xf1"`,
			`+last close frame: masked 2 "\x03\xf1"`,
		},
	},
	{
		scenario: "prepared message between fragments",
		reason:   "gorilla puts the prepared message between two fragments of another, which breaks the stream",
		lines: []string{
			`-write part: 1 ok`,
			`-close writer: ok`,
			`-  sent 80 7 "xxxxxxy"`,
			`-  sent 80 masked 7 "xxxxxxy"`,
			`+  sent 80 6 "xxxxxx"`,
			`+  sent 80 masked 6 "xxxxxx"`,
			`+write part: 0 "websocket: write closed"`,
			`+close writer: "websocket: write closed"`,
		},
	},
	{
		scenario: "prepared message sent twice",
		reason:   "every frame of a client has a mask key of its own",
		lines:    []string{`-the same bytes: true`, `+the same bytes: false`},
	},
	{
		scenario: "upgrade: response header with a subprotocol of two lines",
		reason:   "no value of the response header can start another field",
		lines: []string{
			`-Evil: q`,
			`-Sec-WebSocket-Protocol: p`,
			`+Sec-WebSocket-Protocol: p  Evil: q`,
		},
	},
	{
		scenario: "upgrade: hosts that are no UTF-8",
		reason:   "gorilla takes all bytes that are no UTF-8 for the same",
		lines: []string{
			`-upgrade: ok`,
			`+upgrade: HandshakeError "websocket: request origin not allowed by Upgrader.CheckOrigin"`,
		},
	},
	{
		scenario: "proxy: no reason",
		reason:   "gorilla panics",
		lines: []string{
			`-panic: runtime error: index out of range [1] with length 1`,
			`+dial true "502"`,
		},
	},
	{
		scenario: "marshaler writes a message",
		reason:   "the value is encoded before its message begins",
		lines: []string{
			`-  sent 81 0 ""`,
			`-  sent 81 masked 0 ""`,
			`-JSON: "websocket: write closed"`,
			`+JSON: ok`,
			`+  sent 81 7 "\"json\"\n"`,
			`+  sent 81 masked 7 "\"json\"\n"`,
		},
	},
	{
		scenario: "source writes a message",
		reason:   "gorilla drops the rest of the source without an error",
		lines: []string{
			`-write 1: ok`,
			`-  sent 81 6 "inside"`,
			`-  sent 81 masked 6 "inside"`,
			`-copy: 200 ok`,
			`+copy: 0 "websocket: write closed"`,
		},
	},
	{
		scenario: "handler reads within a message",
		reason:   "gorilla takes the message that was cut off for a whole one",
		lines: []string{
			`-read: 1 1 "a"`,
			`+read: 1 false 1 "a" "websocket: message interrupted by the read of another"`,
		},
	},
	{
		scenario: "handler takes a reader within a message",
		reason:   "gorilla hands out the next message as the rest of the one that was cut off",
		lines: []string{
			`-read part: 1 "c" ok`,
			`+read part: 0 "" "websocket: message interrupted by the read of another"`,
		},
	},
	{
		scenario: "pieces of frames",
		reason:   "the engine buffers frames, and codes those of a prepared message one by one",
		lines: []string{
			`-server writes a long message in 2 pieces: ok`,
			`+server writes a long message in 1 pieces: ok`,
			`-client writes a prepared message in 1 pieces: ok`,
			`+client writes a prepared message in 3 pieces: ok`,
		},
	},
}
