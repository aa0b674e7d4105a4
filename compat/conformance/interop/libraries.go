package main

// abilities are what the battery can ask of a library. Those of compat are
// all.
type abilities struct {
	fragments  bool // sends messages in fragments
	pings      bool // sends pings and tells of pongs
	seesPings  bool // tells of pings that it has answered
	limits     bool // bounds the size of received messages, and closes with 1009
	exact      bool // and is exact about it
	deflate    bool // has permessage-deflate
	takeover   bool // as a server, does not promise client_no_context_takeover
	deflates   bool // compresses what it sends
	declines   bool // can be told to do without it
	seesStatus bool // tells the status of a refused handshake
	seesReply  bool // tells the code of the answer to its close frame
	replies    int  // the code that it answers every close frame with, if not the one it got
}

var compatAbilities = abilities{
	fragments: true, pings: true, seesPings: true, limits: true, exact: true,
	deflate: true, deflates: true, declines: true, seesStatus: true, seesReply: true,
}

// reply returns the code of the answer to a close frame.
func (a abilities) reply(code int) int {
	if a.replies != 0 {
		return a.replies
	}
	return code
}

// A library is a real WebSocket library or program that compat is tried with.
type library struct {
	name  string // in the table
	needs []*requirement
	argv  []string // of a program that plays scripts; a browser has none

	client, server bool // the roles that it has

	abilities abilities
	notes     []string // why it is not asked for the rest, one sentence each
}

// browser reports whether the library is no program that plays scripts.
func (l *library) browser() bool { return l.argv == nil }

var libraries = []*library{
	{
		name: "Chromium", needs: []*requirement{chromiumBrowser}, client: true,
		abilities: abilities{deflate: true, deflates: true, seesReply: true},
		notes: []string{
			"Chromium's API has no pings, fragments, read limit or status of a refused handshake.",
			"Chromium always offers compression; off means that the server does not accept it.",
		},
	},
	{
		name: "ws", needs: []*requirement{nodeRuntime, npmPackages}, argv: []string{nodeProgram, "ws.mjs"}, client: true, server: true,
		abilities: abilities{
			fragments: true, pings: true, seesPings: true, limits: true,
			deflate: true, deflates: true, declines: true, seesStatus: true, seesReply: true,
		},
	},
	{
		name: "undici", needs: []*requirement{nodeRuntime, npmPackages}, argv: []string{nodeProgram, "undici.mjs"}, client: true,
		abilities: abilities{pings: true, seesPings: true, limits: true, deflate: true, seesReply: true},
		notes: []string{
			"undici has no server, sends no fragments, and does not tell the status of a refused handshake.",
			"undici always offers compression, off means that the server does not accept it; it inflates, but does not compress what it sends.",
		},
	},
	{
		name: "python3-websockets", needs: []*requirement{pythonWebsockets}, argv: []string{pythonProgram, "websockets_program.py"}, client: true, server: true,
		abilities: abilities{
			fragments: true, pings: true, limits: true,
			deflate: true, deflates: true, declines: true, seesStatus: true, seesReply: true,
		},
		notes: []string{"python3-websockets does not tell of pings."},
	},
	{
		name: "python3-aiohttp", needs: []*requirement{pythonAiohttp}, argv: []string{pythonProgram, "aiohttp_program.py"}, client: true, server: true,
		abilities: abilities{
			pings: true, limits: true, deflate: true, takeover: true,
			deflates: true, declines: true, seesStatus: true, seesReply: true, replies: 1000,
		},
		notes: []string{
			"python3-aiohttp sends no fragments and does not tell of pings that it answers. It answers every close frame with 1000.",
			"As a server, python3-aiohttp accepts compression without client_no_context_takeover: gorilla's client, and so compat's, fails the handshake.",
		},
	},
	{
		name: "python3-websocket", needs: []*requirement{pythonWebsocket}, argv: []string{pythonProgram, "websocket_program.py"}, client: true,
		abilities: abilities{fragments: true, pings: true, seesPings: true, declines: true, seesStatus: true, replies: 1000},
		notes: []string{
			"python3-websocket has no server, no compression and no read limit. It answers every close frame with 1000.",
		},
	},
}
