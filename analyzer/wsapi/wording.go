package wsapi

import "regexp"

// A Wording is a text by which code can tell gorilla's errors and answers, and
// which those of the targets do not have.
type Wording struct {
	Text *regexp.Regexp
	// Parts are such that a text which matches contains one of them.
	Parts []string
	// Makers are the roles of the calls whose errors or answers have it.
	Makers Role
	// Own says that nothing but gorilla writes like this. The others count
	// only in comparisons with the text of an error.
	Own bool
	// Setting are the identifiers of which one has to be used for the text to
	// come up; none means that it always can.
	Setting []Symbol
	// Expiry says that it is the text of a timeout, which the targets'
	// errors wrap context.DeadlineExceeded for.
	Expiry bool
	// ByHand says what to write instead.
	ByHand string
}

// Wordings returns those of gorilla v1.5.3, the more telling ones first.
func Wordings() []Wording { return wordings }

const (
	byStatus   = "Ask for the code with CloseStatus, and for a lost connection with errors.Is(err, io.EOF)."
	bySent     = "Write errors.Is(err, net.ErrClosed)."
	byResponse = "Look at the response that Dial returns: its StatusCode is not 101."
	byAnswer   = "Test the status code of the answer, and look for the parameters of an extension in any order."
	byExpiry   = "Write errors.Is(err, context.DeadlineExceeded)."

	reads  = Reads | OpensReader
	writes = Writes | WritesControl | OpensWriter
)

var deadlines = []Symbol{"Conn.SetReadDeadline", "Conn.SetWriteDeadline"}

var wordings = []Wording{
	{Text: regexp.MustCompile(`\bclose 1[0-9]{3}\b|websocket: close 1`), Parts: []string{"close 1"}, Makers: reads, Own: true, ByHand: byStatus},
	{Text: regexp.MustCompile(`websocket: (read limit exceeded|RSV|bad (opcode|MASK|close code)|len > 125|FIN not set|data before FIN|continuation after FIN|invalid utf8)`), Parts: []string{"websocket: "}, Makers: reads, Own: true, ByHand: byStatus},
	{Text: regexp.MustCompile(`abnormal closure|going away|policy violation|no status|unexpected (EOF|eof)|read limit exceeded`), Parts: []string{"abnormal closure", "going away", "policy violation", "no status", "unexpected EOF", "unexpected eof", "read limit exceeded"}, Makers: reads, ByHand: byStatus},
	{Text: regexp.MustCompile(`websocket: (close sent|write timeout|bad write message type|write closed|invalid control frame)`), Parts: []string{"websocket: "}, Makers: writes, Own: true, ByHand: bySent},
	{Text: regexp.MustCompile(`close sent`), Parts: []string{"close sent"}, Makers: writes, ByHand: bySent},
	{Text: regexp.MustCompile(`websocket: (bad handshake|invalid compression negotiation|duplicate header not allowed|protocol .* was given but is not supported)|malformed ws or wss URL`), Parts: []string{"websocket: ", "malformed ws"}, Makers: Dials, Own: true, ByHand: byResponse},
	{Text: regexp.MustCompile(`bad handshake`), Parts: []string{"bad handshake"}, Makers: Dials, ByHand: byResponse},
	{Text: regexp.MustCompile(`websocket: (the client is not using|request method|request origin|unsupported version|not a websocket handshake|application specific|client sent data before|response does not)`), Parts: []string{"websocket: "}, Makers: Upgrades, Own: true, ByHand: byAnswer},
	{Text: regexp.MustCompile(`request origin not allowed|not using the websocket protocol`), Parts: []string{"request origin not allowed", "not using the websocket protocol"}, Makers: Upgrades, ByHand: byAnswer},
	{Text: regexp.MustCompile(`permessage-deflate; server_no_context_takeover; client_no_context_takeover`), Parts: []string{"server_no_context_takeover; client"}, Makers: Upgrades, Setting: []Symbol{"Upgrader.EnableCompression"}, Own: true, ByHand: byAnswer},
	{Text: regexp.MustCompile(`i/o timeout`), Parts: []string{"i/o timeout"}, Makers: reads | writes, Setting: deadlines, Expiry: true, ByHand: byExpiry},
}
