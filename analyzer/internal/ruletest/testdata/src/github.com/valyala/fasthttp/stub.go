// Package fasthttp declares the part of fasthttp's API that the rules' test
// cases use, with the real signatures.
package fasthttp

type RequestHeader struct{ _ int }

func (h *RequestHeader) Peek(key string) []byte { return nil }
func (h *RequestHeader) Host() []byte           { return nil }

type Request struct{ Header RequestHeader }

type RequestCtx struct{ Request Request }
