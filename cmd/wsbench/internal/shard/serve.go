package shard

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// IsWorker reports whether this process was started as a worker.
func IsWorker() bool { return os.Getenv(workerVariable) != "" }

// Handler does one operation of a worker.
type Handler func(args json.RawMessage) (result any, err error)

// Serve answers requests from in on out until in ends, which is when the
// parent has gone.
func Serve(in io.Reader, out io.Writer, handlers map[string]Handler) error {
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var r request
		if err := dec.Decode(&r); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read a request: %w", err)
		}
		if err := enc.Encode(answer(r, handlers)); err != nil {
			return fmt.Errorf("answer to %s: %w", r.Op, err)
		}
	}
}

func answer(r request, handlers map[string]Handler) reply {
	h, ok := handlers[r.Op]
	if !ok {
		return reply{Error: "no operation " + r.Op}
	}
	result, err := h(r.Args)
	if err != nil {
		return reply{Error: err.Error()}
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{Result: raw}
}

// Handle makes a Handler of a function with its own type of arguments.
func Handle[A any](f func(A) (any, error)) Handler {
	return func(raw json.RawMessage) (any, error) {
		var args A
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, fmt.Errorf("arguments: %w", err)
		}
		return f(args)
	}
}
