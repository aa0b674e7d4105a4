package rules

import "github.com/wsmigrate/wsmigrate/rewrite/internal/unit"

var requestRule = &unit.Rule{
	Name: "request",
	Doc: `IsWebSocketUpgrade and Subprotocols, which the target does not have, become helpers that read the request's
headers in the same way.`,
	Plan: func(u *unit.Unit) {
		for _, s := range u.Sites("IsWebSocketUpgrade", "Subprotocols") {
			u.Claim(s)
			name := "isWebSocketUpgrade"
			if s.Symbol == "Subprotocols" {
				name = "subprotocols"
			}
			if useHelper(u, s, name) {
				x := unit.Qualified(s)
				u.Replace(s.File, x.Pos(), x.End(), name)
			}
		}
	},
}

const isWebSocketUpgradeHelper = `
// isWebSocketUpgrade reports whether the client asks for a WebSocket: the
// headers Connection and Upgrade list the tokens for it.
func isWebSocketUpgrade(r *http.Request) bool {
	const tokenChars = "!#$%&'*+-.^_|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\x60"
	lists := func(name, token string) bool {
		for _, line := range r.Header[name] {
			for _, elem := range strings.Split(line, ",") {
				elem = strings.Trim(elem, " \t")
				if elem == "" || strings.Trim(elem, tokenChars) != "" {
					break // the rest of the line is not to be trusted
				}
				if strings.EqualFold(elem, token) {
					return true
				}
			}
		}
		return false
	}
	return lists("Connection", "upgrade") && lists("Upgrade", "websocket")
}
`

const subprotocolsHelper = `
// subprotocols returns the subprotocols that the client asks for.
func subprotocols(r *http.Request) []string {
	h := strings.TrimSpace(r.Header.Get("Sec-WebSocket-Protocol"))
	if h == "" {
		return nil
	}
	names := strings.Split(h, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names
}
`
