package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
)

// A script is what one side does with one connection. Every program of the
// battery, in whatever language, is an interpreter of scripts that reports
// what it saw; it judges nothing.
type script struct {
	ID string `json:"id"`

	// Of a client: where to, and what it says in the handshake.
	URL       string   `json:"url,omitempty"`
	Protocols []string `json:"protocols,omitempty"`
	Origin    string   `json:"origin,omitempty"` // none if empty; a browser's is that of its page

	Compress bool   `json:"compress,omitempty"` // offer or accept permessage-deflate
	Limit    int64  `json:"limit,omitempty"`    // of the size of received messages; none if 0
	Steps    []step `json:"steps"`
}

// A step is one instruction of a script. When the steps have been done, the
// connection is read until its end.
type step struct {
	// Do is one of:
	//
	//	send   send a message
	//	burst  send Count messages without waiting, see payload
	//	recv   wait for Count messages more than those waited for before
	//	echo   send every message back, until the end
	//	ping   send a ping with Data and wait for a pong
	//	close  send a close frame with Code and Reason
	Do string `json:"do"`

	Binary bool   `json:"binary,omitempty"` // the type of messages
	Data   string `json:"data,omitempty"`   // of a ping; of a payload, what is repeated
	Repeat int    `json:"repeat,omitempty"` // how often
	Size   int    `json:"size,omitempty"`   // of the noise behind that, in bytes
	Parts  int    `json:"parts,omitempty"`  // send in so many fragments, if more than one
	Ping   string `json:"ping,omitempty"`   // send this ping behind the first fragment
	Count  int    `json:"count,omitempty"`
	Code   int    `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// payload returns what a send step sends. The scripts have the same function.
func (s step) payload() []byte {
	return append([]byte(strings.Repeat(s.Data, s.Repeat)), noise(s.Size, s.Binary)...)
}

// noisePeriod is after how many bytes noise repeats. DEFLATE does not look
// back that far.
const noisePeriod = 1 << 16

// noise returns bytes, or characters of ASCII, that cannot be compressed much.
// They come from the minimal standard generator of Park and Miller.
func noise(size int, binary bool) []byte {
	p := make([]byte, size)
	x := 1
	for i := range p {
		if i >= noisePeriod {
			p[i] = p[i-noisePeriod]
			continue
		}
		x = x * 48271 % (1<<31 - 1)
		if binary {
			p[i] = byte(x >> 16)
		} else {
			p[i] = byte(' ' + (x>>16)%95)
		}
	}
	return p
}

// numbered returns the i-th message of a burst step.
func numbered(i int) []byte {
	return []byte(strconv.Itoa(i) + strings.Repeat(".", i%100))
}

// messages returns the events of a peer that receives what the steps send.
func messages(steps []step) []event {
	var events []event
	for _, s := range steps {
		switch s.Do {
		case "send":
			events = append(events, messageEvent(s.Binary, s.payload()))
		case "burst":
			for i := range s.Count {
				events = append(events, messageEvent(s.Binary, numbered(i)))
			}
		}
	}
	return events
}

// An event is what a side saw. Which fields are set depends on Event:
//
//	open     the handshake succeeded: Protocol, Extensions, Origin
//	refused  it failed: Status (0 if the API does not say), Detail
//	message  a data message: Binary, Size, Digest
//	ping     a ping: Data
//	pong     a pong: Data
//	limit    a message over the limit ended the connection
//	close    the end: Code and Reason of the peer's close frame
//	error    something else went wrong: Detail
//	wire     of compat alone: what a meter saw
type event struct {
	Event      string `json:"event"`
	Protocol   string `json:"protocol,omitempty"`
	Extensions string `json:"extensions,omitempty"`
	Origin     string `json:"origin,omitempty"`
	Status     int    `json:"status,omitempty"`
	Binary     bool   `json:"binary,omitempty"`
	Size       int    `json:"size,omitempty"`
	Digest     string `json:"digest,omitempty"`
	Data       string `json:"data,omitempty"`
	Code       int    `json:"code,omitempty"`
	Reason     string `json:"reason,omitempty"`
	Detail     string `json:"detail,omitempty"`
	Wire       *wire  `json:"wire,omitempty"`
}

func messageEvent(binary bool, payload []byte) event {
	sum := sha256.Sum256(payload)
	return event{Event: "message", Binary: binary, Size: len(payload), Digest: hex.EncodeToString(sum[:])}
}

// A line is what programs and the command say to each other: scripts for
// clients on the standard input, and on the standard output one hello and
// then reports.
type line struct {
	Hello  *hello  `json:"hello,omitempty"`
	Report *report `json:"report,omitempty"`
}

// hello is the first line of a program.
type hello struct {
	Plain int `json:"plain,omitempty"` // the ports of a server
	TLS   int `json:"tls,omitempty"`
}

// report is what became of a script.
type report struct {
	ID     string  `json:"id"`
	Server bool    `json:"server,omitempty"` // by the server that got the script in a URL
	Events []event `json:"events"`
}

// address returns the URL that hands the script to the server at base.
func (s script) address(base string) string {
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // a script has nothing that cannot be encoded
	}
	return base + "/ws?script=" + url.QueryEscape(string(data))
}
