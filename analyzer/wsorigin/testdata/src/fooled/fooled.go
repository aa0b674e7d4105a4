// Package fooled holds checks that more pass than are meant to.
package fooled

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	fastws "github.com/fasthttp/websocket"
	"github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"
	xnet "golang.org/x/net/websocket"
)

var prefix = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Origin"), "http://localhost") // want `this comparison also accepts an Origin that goes on behind "http://localhost", on any host`
	},
}

var suffix = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		u, err := url.Parse(r.Header.Get("Origin"))
		if err != nil {
			return false
		}
		return strings.HasSuffix(u.Hostname(), "example.com") // want `also accepts an Origin with anything before "example.com"`
	},
}

var anywhere = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := strings.ToLower(r.Header.Get("Origin"))
		return origin == "" || strings.Contains(origin, r.Host) // want `also accepts an Origin that has r.Host anywhere in it`
	},
}

var byIndex = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header["Origin"][0]
		if strings.Index(origin, "example.com") >= 0 { // want `anywhere in it`
			return true
		}
		return strings.Index(origin, "https://example.com") == 0 // want `goes on behind "https://example.com"`
	},
}

var allowed = "https://a.example.com,https://b.example.com"

var inList = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return strings.Contains(allowed, r.Header.Get("Origin")) // want `lets every part of allowed pass as an Origin`
	},
}

// Not refused is accepted.
var refused = websocket.Upgrader{CheckOrigin: refuses}

func refuses(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && !strings.HasSuffix(origin, r.Host) { // want `anything before r.Host`
		return false
	}
	return true
}

var inSwitch = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		switch {
		case origin == "":
			return true
		case strings.HasPrefix(origin, "https://"): // want `goes on behind "https://"`
			return true
		}
		return false
	},
}

// The scheme does not say who asks.
var scheme = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		u, err := url.Parse(r.Header.Get("Origin"))
		return err == nil && u.Scheme == "https" && strings.HasPrefix(u.Host, "192.168.") // want `goes on behind "192.168."`
	},
}

var suffixes = []string{"example.com", "example.org"}

var loop = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		for _, s := range suffixes {
			if strings.HasSuffix(r.Header.Get("Origin"), s) { // want `anything before s`
				return true
			}
		}
		return false
	},
}

// Helpers.
var helped = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { return permits(r.Header.Get("Origin"), "example.com") },
}

func permits(origin, domain string) bool {
	ok := strings.Contains(origin, domain) // want `has domain anywhere in it`
	return ok
}

type policy struct{ domain string }

func (p policy) check(r *http.Request) bool {
	if p.local(r) {
		return true
	}
	return r.Header.Get("Origin") == "https://"+p.domain
}

func (p policy) local(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Origin"), "http://"+r.Host) // want `goes on behind "http://" \+ r.Host`
}

func (p policy) upgrader() *websocket.Upgrader { return &websocket.Upgrader{CheckOrigin: p.check} }

// A factory.
func under(domain string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return strings.HasSuffix(r.Header.Get("Origin"), domain) // want `anything before domain`
	}
}

var made = websocket.Upgrader{CheckOrigin: under("example.com")}

// Patterns.
var pattern = regexp.MustCompile(`https://([a-z]+\.)?example\.com`)

var matched = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return pattern.MatchString(r.Header.Get("Origin")) // want `merely has a match of`
	},
}

var matchedOnce = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		ok, _ := regexp.MatchString("^https://example[.]com", r.Header.Get("Origin")) // want `merely has a match of`
		return ok
	},
}

// The Referer is something else.
var referer = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return r.Referer() == "https://example.com/" || // want `compares the Referer`
			strings.HasPrefix(r.Header.Get("Referer"), "https://example.com/") // want `compares the Referer`
	},
}

// Other libraries.
var fast = fastws.FastHTTPUpgrader{
	CheckOrigin: func(ctx *fasthttp.RequestCtx) bool {
		return bytes.HasSuffix(ctx.Request.Header.Peek("Origin"), []byte("example.com")) // want `anything before`
	},
}

var server = xnet.Server{
	Handshake: func(config *xnet.Config, r *http.Request) error {
		if !strings.Contains(config.Origin.Host, "example.com") { // want `anywhere in it`
			return errors.New("forbidden")
		}
		return nil
	},
}
