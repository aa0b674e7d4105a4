// Package wsserver reports HTTP servers and TLS settings that do not go with
// WebSockets.
//
// # Analyzer wsserver
//
// wsserver: report HTTP servers and TLS settings that WebSockets cannot use, or that leave them open to slow clients
//
// A WebSocket begins as a request of HTTP/1.1 on a connection that the handler
// then takes over. All known libraries for Go need HTTP/1.1 for that: none of
// them speaks RFC 8441, which is how HTTP/2 carries WebSockets.
//
// The timeouts of an http.Server hold until the handler takes the connection over:
// Hijack clears its deadlines. So WriteTimeout and ReadTimeout do not end
// WebSockets, and need not be left out for their sake; nor do they protect a
// WebSocket, which needs deadlines of its own. Before the handshake, a client
// that sends its request one byte at a time holds a connection and a goroutine
// as long as it likes, unless ReadHeaderTimeout or ReadTimeout says otherwise.
//
// NextProtos of a server's TLS configuration does no harm to WebSockets, even
// with "h2" alone in it: ServeTLS adds "http/1.1", and crypto/tls lets a client
// that offers only "http/1.1" connect to a server that offers only "h2". What
// does is a set of Protocols (Go 1.24) without HTTP/1, and "h2" in the
// configuration of a client: the server chooses it, and answers in a protocol
// that the library cannot read.
//
// Categories:
//
//   - header: a server without ReadHeaderTimeout and ReadTimeout, in a program
//     that accepts WebSockets (low confidence). A field that is set later counts.
//   - h2: a server whose Protocols lack HTTP/1, or a WebSocket client whose TLS
//     configuration offers "h2" (high confidence; medium for a server that may
//     not be the one which accepts the WebSockets).
//   - wrapped: a handler that accepts WebSockets below http.TimeoutHandler, whose
//     ResponseWriter cannot be taken over: each handshake fails (high
//     confidence).
//
// # What it cannot see
//
// One package is looked at at a time. Whether another package accepts WebSockets
// is guessed from its imports and its handlers, for header alone. Settings
// that are read from a file, or made in another package, are not known. Other
// middleware that hides the http.Hijacker is not seen, nor are fasthttp's
// server and routers other than http.ServeMux.
//
// # How to fix
//
// Use an http.Server with ReadHeaderTimeout, and set WriteTimeout as your other
// handlers need it. Leave Protocols nil, or call SetHTTP1(true) on them. Give a
// WebSocket client a TLS configuration of its own, without NextProtos. Put
// TimeoutHandler around the other handlers, and not around the whole mux.
//
// Bad:
//
//	http.HandleFunc("/ws", serveWS)
//	log.Fatal(http.ListenAndServe(":8080", nil))
//
// Good:
//
//	http.HandleFunc("/ws", serveWS)
//	srv := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
//	log.Fatal(srv.ListenAndServe())
package wsserver
