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
}
