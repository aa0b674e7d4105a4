// Package policy holds checks for others and knows no WebSocket library.
package policy

import "net/http"

func Any(r *http.Request) bool { return true } // want Any:"accepts all"

func Own(r *http.Request) bool { return r.Header.Get("Origin") == "https://"+r.Host }

type Policy struct{ Hosts []string }

func (Policy) Open(*http.Request) bool { return true } // want Open:"accepts all"

func (p Policy) Closed(r *http.Request) bool {
	for _, h := range p.Hosts {
		if r.Header.Get("Origin") == h {
			return true
		}
	}
	return false
}

func New() func(*http.Request) bool { // want New:"returns a check that accepts all"
	return func(*http.Request) bool { return true }
}

func Maybe(debug bool) func(*http.Request) bool {
	if debug {
		return Any
	}
	return Own
}

// Of another shape.
func Enabled() bool { return true }

func any(r *http.Request) bool { return true }
