// Package fooledok holds comparisons that cannot be fooled, and tests of other
// things.
package fooledok

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
	xnet "golang.org/x/net/websocket"
)

// What follows the host ends it.
var port = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		return strings.HasPrefix(origin, "http://localhost:") || strings.Contains(origin, "://127.0.0.1:")
	},
}

// A subdomain is one behind a dot.
var subdomain = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		u, err := url.Parse(r.Header.Get("Origin"))
		return err == nil && (u.Host == "example.com" || strings.HasSuffix(u.Host, ".example.com") || strings.HasSuffix(u.Host, "."+r.Host))
	},
}

// The host is compared with all before it.
var whole = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return strings.HasSuffix(r.Header.Get("Origin"), "://"+r.Host)
	},
}

// No web site has such an Origin.
var extension = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("Origin"), "chrome-extension://")
	},
}

// The comparison of the whole decides.
var narrowed = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if !strings.HasPrefix(origin, "https://") {
			return false
		}
		u, err := url.Parse(origin)
		return err == nil && u.Host == r.Host
	},
}

var both = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		u, err := url.Parse(r.Header.Get("Origin"))
		return err == nil && strings.HasPrefix(u.Host, "app") && strings.EqualFold(u.Host, r.Host)
	},
}

// The prefix goes, and the rest is compared.
var trimmed = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if strings.HasPrefix(origin, "https://") {
			origin = strings.TrimPrefix(origin, "https://")
		}
		return slices.Contains([]string{"example.com", "example.org"}, origin)
	},
}

// What has the text is refused.
var without = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		origin := r.Header.Get("Origin")
		if strings.Contains(origin, "evil") {
			return false
		}
		return known[origin]
	},
}

var known = map[string]bool{"https://example.com": true}

var anchored = regexp.MustCompile(`^https://([a-z]+\.)?example\.com$`)

var matched = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool { return anchored.MatchString(r.Header.Get("Origin")) },
}

// Another header, and the path.
var elsewhere = websocket.Upgrader{
	CheckOrigin: func(r *http.Request) bool {
		return strings.HasPrefix(r.Header.Get("User-Agent"), "app/") && strings.HasPrefix(r.URL.Path, "/ws") && same(r)
	},
}

func same(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	return err == nil && u.Host == r.Host
}

var server = xnet.Server{
	Handshake: func(config *xnet.Config, r *http.Request) error {
		if config.Origin.Host != r.Host {
			return errors.New("forbidden")
		}
		return nil
	},
}

// No check of a handshake.
func log(r *http.Request) bool { return strings.Contains(r.Header.Get("Origin"), "localhost") }
