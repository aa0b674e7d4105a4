// Package wsorigin reports WebSocket handshakes that accept any Origin,
// or more than are meant.
//
// # Analyzer wsorigin
//
// wsorigin: report handshakes that accept any Origin
//
// A browser opens a WebSocket to any host that a page asks for, sends the
// user's cookies with the handshake, and does not apply the same-origin policy
// to what comes back. The Origin header is the server's only means to tell its
// own pages from others (RFC 6455, section 10.2). A server that accepts every
// Origin and knows its users by cookie, or by being reachable from the user's
// machine alone, lets any web site speak for a user who visits it.
//
// What a library does when nothing is configured differs, and the rule knows:
//
//   - gorilla and its fork by fasthttp compare the Origin with the Host while
//     CheckOrigin is nil. Nil is safe and never reported.
//   - nhooyr and coder compare unless InsecureSkipVerify is set.
//   - golang.org/x/net/websocket: Handler asks for an Origin that parses and
//     compares it with nothing; Server checks what its Handshake checks.
//   - gobwas/ws never looks at the Origin.
//   - Fiber's middleware accepts every Origin while Config.Origins is empty.
//
// Categories:
//
//   - always: a check that accepts everything, written as a function literal, a
//     function, a method, a variable, or the result of a function that returns
//     one.
//   - conditional: the same, set under a condition (low confidence).
//   - skip: InsecureSkipVerify is true.
//   - wildcard: a pattern in OriginPatterns matches every host.
//   - missing: no check in the configuration, in a library that has none of its
//     own (gobwas, Fiber and gorilla's function Upgrade: medium confidence; x/net's
//     Server: high; x/net's Handler: low).
//   - comparison: a check accepts what merely begins with, ends with or has in
//     it what it asks for, so that https://example.com.evil.org passes for
//     https://example.com; or a pattern is not anchored; or the Referer is
//     compared (medium where it depends on the contents of a variable).
//
// Findings in test files, and those in a function that reads the Origin header
// by itself, are of low confidence.
//
// # What it cannot see
//
// A check that another package decides on is assumed to compare, unless it is a
// function that accepts everything. Comparisons are judged in the check itself
// and in the functions of its package that it calls. A proxy or middleware in front
// of the handshake that refuses foreign Origins is not seen. An endpoint that
// never relies on cookies, because every client has to present a token in a
// message or header, is safe without a check; say so:
//
//	//wsmigrate:ignore wsorigin every client sends a token first
//
// # How to fix
//
// If pages of the same host are the only clients, leave CheckOrigin nil, or
// InsecureSkipVerify false: that is the suggested fix. If pages of other hosts
// have to connect, list those hosts, in OriginPatterns or in a CheckOrigin that
// parses the header and compares whole hosts. Clients that are no browsers
// send no Origin and pass every check above.
//
// Bad:
//
//	var upgrader = websocket.Upgrader{
//		CheckOrigin: func(r *http.Request) bool { return true },
//	}
//
// Good:
//
//	var upgrader = websocket.Upgrader{} // the request's own host
//
// Good, for pages of one other host:
//
//	var upgrader = websocket.Upgrader{
//		CheckOrigin: func(r *http.Request) bool {
//			u, err := url.Parse(r.Header.Get("Origin"))
//			return err == nil && u.Scheme == "https" && u.Host == "app.example.com"
//		},
//	}
package wsorigin
