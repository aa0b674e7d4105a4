package feed

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// ErrRevoked is returned when the server takes the token back.
var ErrRevoked = errors.New("feed: token revoked")

// StatusError is a handshake that the server refused.
type StatusError struct {
	Code    int
	Message string // what the server said, if anything
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("feed: server answered %d %s", e.Code, http.StatusText(e.Code))
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// newStatusError reads the beginning of resp's body.
func newStatusError(resp *http.Response) *StatusError {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 200))
	return &StatusError{Code: resp.StatusCode, Message: strings.TrimSpace(string(body))}
}

// handlerError marks what the caller's function returned.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }
func (e *handlerError) Unwrap() error { return e.err }
