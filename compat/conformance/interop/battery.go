package main

import "fmt"

// An exchange is one connection of the battery: what either side does, and
// what has to come of it.
type exchange struct {
	name           string
	client, server script
	judge          func(*judgement)
	abrupt         bool // the library may hang up before it has compat's close frame
	// refused is the side, client or server, whose last message may be refused
	// while it is still being sent: then sending it fails.
	refused string
}

const (
	foreignOrigin = "http://elsewhere.example"
	ownOrigin     = "own" // becomes that of the server's address

	messageLimit = 2000 // and twice that is in one frame of every library
	pipelined    = 600
	compressible = 256 << 10

	nonASCII = "aß漢🙂" // characters of one, two, three and four bytes
)

// sizes are those around which the length of a frame is coded differently, and
// one that fits no buffer.
var sizes = []int{0, 1, 125, 126, 127, 65535, 65536, 1 << 20}

// battery returns the exchanges of a cell. What one of the two cannot do is
// left out.
func battery(client, server abilities, deflate bool) []exchange {
	exchanges := []exchange{
		echoes(),
		clientCloses(client, server),
		serverCloses(client),
		pipelines(),
		compresses(client, server, deflate),
		crossOrigin(client),
	}
	if server.fragments {
		exchanges = append(exchanges, serverFragments(client, server))
	}
	if client.fragments {
		exchanges = append(exchanges, clientFragments(client, server))
	}
	if server.pings {
		exchanges = append(exchanges, serverPings(client))
	}
	if client.pings {
		exchanges = append(exchanges, clientPings(server))
	}
	const ofServer, ofClient = "read limit of the server", "read limit of the client"
	switch {
	case server.exact:
		exchanges = append(exchanges, serverLimits(ofServer, overByOne, true), serverLimits(ofServer+", by far", overByFar, true))
	case server.limits:
		exchanges = append(exchanges, serverLimits(ofServer, overTwice, false))
	}
	switch {
	case client.exact:
		exchanges = append(exchanges, clientLimits(ofClient, overByOne, true), clientLimits(ofClient+", by far", overByFar, true))
	case client.limits:
		exchanges = append(exchanges, clientLimits(ofClient, overTwice, false))
	}
	for i := range exchanges {
		x := &exchanges[i]
		x.client.Protocols = []string{"interop.v0", subprotocol}
		// Off is what the client does not offer, or, of one that always
		// offers it, what the server does not accept.
		x.client.Compress = deflate
		x.server.Compress = deflate || client.declines
		if x.client.Origin != foreignOrigin {
			judge := x.judge
			x.judge = func(j *judgement) {
				j.opened(deflate, x.refused)
				judge(j)
				j.onTheWire(x.abrupt)
			}
		}
	}
	return exchanges
}

var goodbye = step{Do: "close", Code: 1000}

func echoes() exchange {
	var steps []step
	for _, binary := range []bool{false, true} {
		for _, size := range sizes {
			steps = append(steps, step{Do: "send", Binary: binary, Size: size}, step{Do: "recv", Count: 1})
		}
	}
	steps = append(steps, step{Do: "send", Data: nonASCII, Repeat: 1000}, step{Do: "recv", Count: 1}, goodbye)
	return exchange{
		name:   "echo",
		client: script{Origin: ownOrigin, Steps: steps},
		server: script{Steps: []step{{Do: "echo"}}},
		judge: func(j *judgement) {
			j.check("subprotocol at the client", j.client.opened().Protocol == subprotocol, "got %q", j.client.opened().Protocol)
			j.check("subprotocol at the server", j.server.opened().Protocol == subprotocol, "got %q", j.server.opened().Protocol)
			j.check("the client has an origin", j.server.opened().Origin != "", "the server got none and let it in")
			j.each("echo", steps, j.server, j.client)
			j.closed(j.server, "the server", 1000, "")
		},
	}
}

// The messages that are sent in fragments. Their noise fills write buffers also
// when it is compressed. The first fragment ends in the middle of a character,
// unless the sender cuts text between characters.
var (
	fragmentedText   = step{Do: "send", Data: nonASCII, Repeat: 5000, Size: 40_003, Parts: 3, Ping: "between"}
	fragmentedBinary = step{Do: "send", Binary: true, Size: 100_000, Parts: 4}
)

func serverFragments(client, server abilities) exchange {
	steps := []step{fragmentedText, fragmentedBinary}
	return exchange{
		name:   "fragments of the server",
		client: script{Steps: []step{{Do: "recv", Count: 2}, goodbye}},
		server: script{Steps: steps},
		judge: func(j *judgement) {
			j.each("fragmented", steps, j.client)
			j.fragmented(j.fromServer(), 2)
			if server.pings {
				j.has(j.server, "pong", "between", "the server gets a pong for a ping between fragments")
			}
			if client.seesPings {
				j.has(j.client, "ping", "between", "the client gets a ping between fragments")
			}
		},
	}
}

func clientFragments(client, server abilities) exchange {
	steps := []step{fragmentedText, {Do: "recv", Count: 1}, fragmentedBinary, {Do: "recv", Count: 1}, goodbye}
	return exchange{
		name:   "fragments of the client",
		client: script{Steps: steps},
		server: script{Steps: []step{{Do: "echo"}}},
		judge: func(j *judgement) {
			j.each("fragmented", steps, j.server, j.client)
			j.fragmented(j.fromClient(), 2)
			if client.pings {
				j.has(j.client, "pong", "between", "the client gets a pong for a ping between fragments")
			}
			if server.seesPings {
				j.has(j.server, "ping", "between", "the server gets a ping between fragments")
			}
		},
	}
}

func serverPings(client abilities) exchange {
	return exchange{
		name:   "ping of the server",
		client: script{Steps: []step{{Do: "recv", Count: 1}, goodbye}},
		server: script{Steps: []step{{Do: "ping", Data: "are you there?"}, {Do: "send", Data: "yes", Repeat: 1}}},
		judge: func(j *judgement) {
			j.has(j.server, "pong", "are you there?", "the server gets the pong")
			if client.seesPings {
				j.has(j.client, "ping", "are you there?", "the client gets the ping")
			}
		},
	}
}

func clientPings(server abilities) exchange {
	return exchange{
		name:   "ping of the client",
		client: script{Steps: []step{{Do: "ping", Data: "are you there?"}, goodbye}},
		server: script{},
		judge: func(j *judgement) {
			j.has(j.client, "pong", "are you there?", "the client gets the pong")
			if server.seesPings {
				j.has(j.server, "ping", "are you there?", "the server gets the ping")
			}
		},
	}
}

func clientCloses(client, server abilities) exchange {
	const reason = "done, ça suffit"
	return exchange{
		name:   "close by the client",
		client: script{Steps: []step{{Do: "close", Code: 4001, Reason: reason}}},
		server: script{},
		judge: func(j *judgement) {
			j.closed(j.server, "the server", 4001, reason)
			if client.seesReply {
				j.closed(j.client, "the client", server.reply(4001), "")
			}
		},
	}
}

func serverCloses(client abilities) exchange {
	const reason = "closing for the night 🙂"
	return exchange{
		name:   "close by the server",
		client: script{},
		server: script{Steps: []step{{Do: "close", Code: 4010, Reason: reason}}},
		judge: func(j *judgement) {
			j.closed(j.client, "the client", 4010, reason)
			j.closed(j.server, "the server", client.reply(4010), "")
		},
	}
}

// The messages at the limit and beyond it. The first three are tiny on the wire
// with compression: what they inflate to is what counts. Libraries that are
// not exact count only what is in one frame, or in one segment of the stream.
var (
	atLimit   = step{Do: "send", Data: "x", Repeat: messageLimit}
	overByOne = step{Do: "send", Data: "x", Repeat: messageLimit + 1}
	overTwice = step{Do: "send", Data: "x", Repeat: 2 * messageLimit}
	overByFar = step{Do: "send", Size: 1 << 16}
)

// beyond are the steps of the side that is limited. It says goodbye only where
// the other one has not done so.
func beyond(over step) []step {
	return []step{atLimit, {Do: "recv", Count: 1}, over, {Do: "recv", Count: 1}, goodbye}
}

func serverLimits(name string, over step, exact bool) exchange {
	return exchange{
		name:    name,
		abrupt:  !exact,
		refused: "client",
		client:  script{Steps: beyond(over)},
		server:  script{Limit: messageLimit, Steps: []step{{Do: "echo"}}},
		judge: func(j *judgement) {
			j.each("at the limit", []step{atLimit}, j.server, j.client)
			j.count(j.server, "the server", 1)
			j.closed(j.client, "the client", 1009, "")
		},
	}
}

func clientLimits(name string, over step, exact bool) exchange {
	return exchange{
		name:    name,
		abrupt:  !exact,
		refused: "server",
		client:  script{Limit: messageLimit, Steps: []step{{Do: "echo"}}},
		server:  script{Steps: beyond(over)},
		judge: func(j *judgement) {
			j.each("at the limit", []step{atLimit}, j.server, j.client)
			j.count(j.client, "the client", 1)
			j.closed(j.server, "the server", 1009, "")
		},
	}
}

func pipelines() exchange {
	steps := []step{{Do: "burst", Count: pipelined}, {Do: "recv", Count: pipelined}}
	return exchange{
		name:   "pipelined",
		client: script{Steps: append(steps[:2:2], goodbye)},
		server: script{Steps: steps},
		judge: func(j *judgement) {
			j.all(fmt.Sprintf("%d messages to the server in order", pipelined), steps, j.server)
			j.all(fmt.Sprintf("%d messages to the client in order", pipelined), steps, j.client)
		},
	}
}

func compresses(client, server abilities, deflate bool) exchange {
	steps := []step{{Do: "send", Data: "0123456789abcdef", Repeat: compressible / 16}, {Do: "recv", Count: 1}, goodbye}
	return exchange{
		name:   "compression",
		client: script{Steps: steps},
		server: script{Steps: []step{{Do: "echo"}}},
		judge: func(j *judgement) {
			j.each("compressible", steps, j.server, j.client)
			j.deflated("to the server", j.fromClient(), deflate && client.deflates)
			j.deflated("to the client", j.fromServer(), deflate && server.deflates)
		},
	}
}

func crossOrigin(client abilities) exchange {
	return exchange{
		name:   "cross-origin",
		client: script{Origin: foreignOrigin, Steps: []step{goodbye}}, // should it get in
		server: script{},
		judge: func(j *judgement) {
			j.refused(j.client, "the client is refused")
			j.refused(j.server, "the server refuses")
			if client.seesStatus {
				status := 0
				if len(j.client) > 0 {
					status = j.client[0].Status
				}
				j.check("status 403", status == 403, "got %d", status)
			}
		},
	}
}
