package websocket

import (
	"net/http"
	"net/url"
)

func TokenListContainsValue(h http.Header, name, value string) bool {
	return tokenListContainsValue(h, name, value)
}

func EqualASCIIFold(s, t string) bool                         { return equalASCIIFold(s, t) }
func IsValidChallengeKey(key string) bool                     { return isValidChallengeKey(key) }
func ParseExtensions(h http.Header) []map[string]string       { return parseExtensions(h) }
func HostPortNoPort(u *url.URL) (hostPort, hostNoPort string) { return hostPortNoPort(u) }
func CheckSameOrigin(r *http.Request) bool                    { return checkSameOrigin(r) }
