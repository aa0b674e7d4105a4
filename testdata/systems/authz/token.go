package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
)

// claims are what a token says of its owner.
type claims struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

func sign(key []byte, sub, role string, expires time.Time) (string, error) {
	c := claims{Role: role, RegisteredClaims: jwt.RegisteredClaims{Subject: sub, ExpiresAt: jwt.NewNumericDate(expires)}}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(key)
}

func verify(key []byte, token string) (*claims, error) {
	c := new(claims)
	_, err := jwt.ParseWithClaims(token, c, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())
	return c, err
}

// bearer is the subprotocol with which pages send their token, as they cannot
// set a header: new WebSocket(url, ["bearer", token]).
const bearer = "bearer"

func tokenOf(r *http.Request) (string, error) {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return token, nil
	}
	if p := websocket.Subprotocols(r); len(p) == 2 && p[0] == bearer {
		return p[1], nil
	}
	return "", fmt.Errorf("no token")
}

type contextKey struct{}

// user returns whom authenticate has let through.
func user(r *http.Request) *claims { return r.Context().Value(contextKey{}).(*claims) }

// authenticate lets those through who have a good token.
func authenticate(key []byte, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, err := tokenOf(r)
		if err == nil {
			var c *claims
			if c, err = verify(key, token); err == nil {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, c)))
				return
			}
		}
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, err.Error(), http.StatusUnauthorized)
	})
}
