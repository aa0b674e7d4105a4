package websocket

import (
	"net/http"
	"strings"
)

// fieldScanner reads the elements of one header field value from left to
// right. Its methods consume what they return.
type fieldScanner struct{ rest string }

// space skips optional white space.
func (s *fieldScanner) space() { s.rest = strings.TrimLeft(s.rest, " \t") }

// at reports whether nothing is left, or the next byte is one of stops.
func (s *fieldScanner) at(stops string) bool {
	return s.rest == "" || strings.IndexByte(stops, s.rest[0]) >= 0
}

// accept consumes c if it comes next.
func (s *fieldScanner) accept(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// token returns the token (RFC 7230, section 3.2.6) that comes next, which
// is empty if there is none.
func (s *fieldScanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// value returns the token or the unescaped quoted string that comes next. A
// quoted string without its closing quote uses up the field and is empty.
func (s *fieldScanner) value() string {
	if !s.accept('"') {
		return s.token()
	}
	var unescaped strings.Builder
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; {
		case c == '"':
			s.rest = s.rest[i+1:]
			return unescaped.String()
		case c == '\\' && i+1 < len(s.rest):
			i++
			unescaped.WriteByte(s.rest[i])
		default:
			unescaped.WriteByte(c)
		}
	}
	s.rest = ""
	return ""
}

func isTokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// hasToken reports whether the comma-separated lists in the fields of that
// name contain the token, in any case. A list is read up to its first element
// that is not a token; name must be in canonical form.
func hasToken(h http.Header, name, token string) bool {
	for _, field := range h[name] {
		for s := (fieldScanner{field}); ; {
			s.space()
			t := s.token()
			s.space()
			if t == "" || !s.at(",") {
				break
			}
			if equalFoldASCII(t, token) {
				return true
			}
			if !s.accept(',') {
				break
			}
		}
	}
	return false
}

// extension is one element of a Sec-WebSocket-Extensions field.
type extension struct {
	name   string
	params map[string]string
}

// has reports whether the parameter is there, with or without a value.
func (e extension) has(param string) bool {
	_, ok := e.params[param]
	return ok
}

// parseExtensions returns the extensions of all Sec-WebSocket-Extensions
// fields. A field is read up to its first malformed element.
func parseExtensions(h http.Header) []extension {
	var all []extension
	for _, field := range h["Sec-Websocket-Extensions"] {
		for s := (fieldScanner{field}); ; {
			e, ok := s.extension()
			if !ok {
				break
			}
			all = append(all, e)
			if !s.accept(',') {
				break
			}
		}
	}
	return all
}

// extension reads one extension with its parameters, up to the comma behind
// it.
func (s *fieldScanner) extension() (extension, bool) {
	s.space()
	e := extension{name: s.token()}
	if e.name == "" {
		return e, false
	}
	for {
		s.space()
		if !s.accept(';') {
			return e, s.at(",")
		}
		s.space()
		param := s.token()
		if param == "" {
			return e, false
		}
		s.space()
		value := ""
		if s.accept('=') {
			s.space()
			value = s.value()
			s.space()
		}
		if !s.at(",;") {
			return e, false
		}
		if e.params == nil {
			e.params = make(map[string]string)
		}
		e.params[param] = value
	}
}

// equalFoldASCII compares as RFC 4790's i;ascii-casemap does: strings.EqualFold
// would take the Kelvin sign for a k.
func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lowerASCII(a[i]) != lowerASCII(b[i]) {
			return false
		}
	}
	return true
}

func lowerASCII(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
