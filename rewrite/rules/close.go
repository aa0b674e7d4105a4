package rules

import "github.com/wsmigrate/wsmigrate/rewrite/internal/unit"

var closeRule = &unit.Rule{
	Name: "close",
	Doc: `Close becomes CloseNow: gorilla's Close ends the TCP connection without a close frame, and so does CloseNow. The
target's own Close sends a close frame and waits up to five seconds for the peer's.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("Conn.Close") {
			u.Claim(s)
			rename(u, s, "CloseNow")
		}
	},
}
