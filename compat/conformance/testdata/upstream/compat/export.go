package websocket

import (
	"net/http"
	"net/url"
	"strings"
)

func TokenListContainsValue(h http.Header, name, value string) bool { return hasToken(h, name, value) }
func EqualASCIIFold(s, t string) bool                               { return equalFoldASCII(s, t) }
func IsValidChallengeKey(key string) bool                           { return isChallengeKey(key) }
func CheckSameOrigin(r *http.Request) bool                          { return sameOrigin(r) }

// ParseExtensions has the name of an extension among its parameters, under
// the empty key.
func ParseExtensions(h http.Header) []map[string]string {
	var all []map[string]string
	for _, ext := range parseExtensions(h) {
		m := map[string]string{"": ext.name}
		for param, value := range ext.params {
			m[param] = value
		}
		all = append(all, m)
	}
	return all
}

// HostPortNoPort takes ws and wss URLs too: they are http and https URLs by
// the time an address is needed.
func HostPortNoPort(u *url.URL) (hostPort, hostNoPort string) {
	converted := *u
	converted.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	return dialAddr(&converted)
}
