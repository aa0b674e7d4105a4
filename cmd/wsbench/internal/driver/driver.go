package driver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"strings"
)

// Dial makes a network connection.
type Dial func(ctx context.Context) (net.Conn, error)

// Options is how a connection is to be used. Both ends get the same.
type Options struct {
	Compress bool // permessage-deflate without context takeover
	API      API
}

// API is which of a library's calls read and write a message.
type API string

// The APIs that a library may have.
const (
	Message API = ""       // a call that returns the whole message
	Stream  API = "stream" // a reader and a writer of each message
	JSON    API = "json"   // calls that code values
)

// Conn is a connection of one of the libraries.
type Conn interface {
	// Loop reads messages and hands them to on, whose error ends it. The
	// payload is valid during the call. It returns the error that ended it.
	Loop(on func(p []byte) error) error

	// Write writes p as one binary message. One goroutine at a time.
	Write(p []byte) error

	// Close closes the network connection without a closing handshake.
	Close() error
}

// Server is a running server.
type Server interface {
	// Close stops it. Connections that were handed over stay.
	Close() error
}

// Library is one library, or one way of using it.
type Library struct {
	Name   string // on the command line
	Title  string // in reports
	Module string // empty for none

	// Env is what the environment of a process has to contain for it.
	Env []string

	// Lacks says why the library cannot be used with o; nil if it can.
	Lacks func(o Options) error

	// Serve answers opening handshakes on ln. It calls handle on a goroutine
	// of the connection's own, which the library ends as it likes when handle
	// has returned.
	Serve func(ln net.Listener, o Options, handle func(Conn)) Server

	// Connect does the opening handshake with the server at host, over a
	// connection that dial makes.
	Connect func(ctx context.Context, host string, dial Dial, o Options) (Conn, error)

	// Prepare returns a function that writes p to one connection after
	// another. It is nil for a library without prepared messages.
	Prepare func(p []byte) (func(Conn) error, error)
}

// All returns the libraries in the order of reports. The first is the base of
// ratios.
func All() []*Library {
	return []*Library{
		gorillaLibrary,
		nhooyrLibrary,
		coderLibrary,
		compatLibrary,
		compatCoderLibrary,
		gobwasLibrary,
		gobwasTunedLibrary,
		gwsLibrary,
		fasthttpLibrary,
		rawLibrary,
	}
}

// Find returns the library of that name.
func Find(name string) (*Library, error) {
	var names []string
	for _, l := range All() {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return nil, fmt.Errorf("unknown library %q; there are %s", name, strings.Join(names, ", "))
}

// Raw returns the library that costs least, for clients that shall not count.
func Raw() *Library { return rawLibrary }

// Version returns the version of the library's module in this program.
func (l *Library) Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || l.Module == "" {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path != l.Module {
			continue
		}
		if m.Replace != nil {
			return "of this repository"
		}
		return m.Version
	}
	return "unknown"
}

// Check returns why l cannot be used with o.
func (l *Library) Check(o Options) error {
	if l.Lacks == nil {
		return nil
	}
	if err := l.Lacks(o); err != nil {
		return fmt.Errorf("%s: %w", l.Name, err)
	}
	return nil
}

var (
	errNoDeflate = errors.New("no permessage-deflate")
	errOneAPI    = errors.New("one way of reading and writing only")
)

// wholeOnly is Lacks for a library that reads and writes whole messages.
func wholeOnly(o Options) error {
	if o.API != Message {
		return errOneAPI
	}
	return nil
}

// plainOnly is Lacks for a library that does that without compression, too.
func plainOnly(o Options) error {
	if o.Compress {
		return errNoDeflate
	}
	return wholeOnly(o)
}
