// Package api accepts WebSockets for other packages. // want package:"accepts"
package api

import (
	"net/http"

	"github.com/gobwas/ws"
)

type Handler struct{}

func (Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { ws.UpgradeHTTP(r, w) }
