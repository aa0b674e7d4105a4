package conformance

import "strings"

// changed returns a head with a part replaced, and the empty line behind it.
func changed(head, old, new string) string {
	if !strings.Contains(head, old) {
		panic("no " + old)
	}
	return strings.Replace(head, old, new, 1) + "\r\n"
}

// badRequests are what clients send in place of a valid opening handshake.
func badRequests() []badInput {
	const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	list := []badInput{
		{name: "request of HTTP 1.0", request: changed(goodRequest, "HTTP/1.1", "HTTP/1.0")},
		{name: "request without Upgrade", request: changed(goodRequest, "Upgrade: websocket\r\n", "")},
		{name: "request to upgrade to h2c", like: "request without Upgrade", request: changed(goodRequest, "Upgrade: websocket", "Upgrade: h2c")},
		{name: "request without Connection", request: changed(goodRequest, "Connection: Upgrade\r\n", "")},
		{name: "request with a Connection field that is no list", request: changed(goodRequest, "Connection: Upgrade", "Connection: keep-alive; x, Upgrade")},
		{name: "request by POST", request: changed(goodRequest, "GET", "POST")},
		{name: "request by PUT", like: "request by POST", request: changed(goodRequest, "GET", "PUT")},
		{name: "request for version 8", request: changed(goodRequest, "Version: 13", "Version: 8")},
		{name: "request without a version", like: "request for version 8", request: changed(goodRequest, "Sec-WebSocket-Version: 13\r\n", "")},
		{name: "request for version 130", like: "request for version 8", request: changed(goodRequest, "Version: 13", "Version: 130")},
		{name: "request without a key", request: changed(goodRequest, key, "")},
		{name: "request with a short key", like: "request without a key", request: changed(goodRequest, key, "Sec-WebSocket-Key: c2hvcnQ=\r\n")},
		{name: "request with a key that is no base64", request: changed(goodRequest, key, "Sec-WebSocket-Key: !\r\n")},
		{name: "request with two keys", request: changed(goodRequest, key, key+"Sec-WebSocket-Key: !\r\n")},
		{name: "request with two keys, the first of them bad", like: "request with a key that is no base64", request: changed(goodRequest, key, "Sec-WebSocket-Key: !\r\n"+key)},
		{name: "request of a foreign origin", request: goodRequest + "Origin: https://evil.test\r\n\r\n"},
		{name: "request of a null origin", like: "request of a foreign origin", request: goodRequest + "Origin: null\r\n\r\n"},
		{name: "request of a foreign origin that begins with the host", like: "request of a foreign origin", request: goodRequest + "Origin: https://server.test.evil.test\r\n\r\n"},
		{name: "request of an origin that is no URL", request: goodRequest + "Origin: ://\r\n\r\n"},
		{name: "request with a header of 2 MB", request: goodRequest + "X-Long: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"},
		{name: "request with frames behind it", request: goodRequest + "\r\n\x81\x80\x00\x00\x00\x00"},
		{name: "request with a body", like: "request with frames behind it", request: goodRequest + "Content-Length: 4\r\n\r\nbody"},
		{name: "request with extensions that are no list", o: options{compress: true}, request: goodRequest + "Sec-WebSocket-Extensions: x y, permessage-deflate\r\n\r\n",
			frames: []interface{}{deflated("not negotiated")}},
		{name: "request for a window that flate cannot have", o: options{compress: true}, request: goodRequest + "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n\r\n",
			frames: []interface{}{deflated("negotiated")}},
		{name: "request for subprotocols without a name", o: options{subprotocols: []string{"chat"}}, request: goodRequest + "Sec-WebSocket-Protocol: , ,\r\n\r\n"},
	}
	for i := range list {
		list[i].only = server
	}
	return list
}

// badAnswers are what servers send in place of a valid answer to the opening
// handshake.
func badAnswers() []badInput {
	status := func(s string) string { return changed(goodAnswer, "101 Switching Protocols", s) }
	list := []badInput{
		{name: "no answer", answer: nothing, end: true},
		{name: "answer that is no HTTP", answer: "SSH-2.0-server\r\n\r\n"},
		{name: "answer with a field without a colon", like: "answer that is no HTTP", answer: goodAnswer + "field\r\n\r\n"},
		{name: "half an answer", like: "answer that is no HTTP", answer: goodAnswer[:40], end: true},
		{name: "answer of status 200", answer: status("200 OK\r\nContent-Length: 4") + "body"},
		{name: "answer of status 301", like: "answer of status 200", answer: status("301 Moved\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0")},
		{name: "answer of status 401 with a long body", answer: status("401 Unauthorized") + strings.Repeat("x", 2000), end: true},
		{name: "answer of status 403 with a body that is cut short", answer: status("403 Forbidden\r\nContent-Length: 100") + "cut", end: true},
		{name: "answer of HTTP 1.0", answer: changed(goodAnswer, "HTTP/1.1", "HTTP/1.0")},
		{name: "answer without Upgrade", answer: changed(goodAnswer, "Upgrade: websocket\r\n", "")},
		{name: "answer without Connection", answer: changed(goodAnswer, "Connection: Upgrade\r\n", "")},
		{name: "answer with a wrong accept key", answer: changed(goodAnswer, "ACCEPT", "dGhlIHNhbXBsZSBub25jZQ==")},
		{name: "answer without an accept key", like: "answer with a wrong accept key", answer: changed(goodAnswer, "Sec-WebSocket-Accept: ACCEPT\r\n", "")},
		{name: "answer with the accept key of two requests", like: "answer with a wrong accept key", answer: changed(goodAnswer, "ACCEPT", "ACCEPT, ACCEPT")},
		{name: "answer with compression that keeps its context", o: options{compress: true}, answer: goodAnswer + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"},
		{name: "answer with compression that was not offered", answer: goodAnswer + deflateField + "\r\n", frames: []interface{}{deflated("not offered")}},
		{name: "answer with an extension that was not offered", answer: goodAnswer + "Sec-WebSocket-Extensions: x-unknown\r\n\r\n"},
		{name: "answer with a subprotocol that was not offered", answer: goodAnswer + "Sec-WebSocket-Protocol: surprise\r\n\r\n"},
		{name: "answer with a header of 2 MB", answer: goodAnswer + "X-Long: " + strings.Repeat("x", 2<<20) + "\r\n\r\n"},
	}
	for i := range list {
		list[i].only = client
	}
	return list
}
