package rewrite

import (
	"context"
	"go/token"

	"golang.org/x/tools/go/packages"
)

// A Config says what to load.
type Config struct {
	Dir      string   // absolute
	Patterns []string // package patterns of the go command; none means "./..."
	Tags     string   // comma separated
	Env      []string // environment of the go command, as os.Environ gives it
	// Progress, if not nil, hears about the stage "loading".
	Progress func(stage string, done, total int)
}

// A Module is a main module of the tree.
type Module struct {
	Path  string // module path
	Dir   string // absolute
	GoMod string // absolute path of go.mod
	Go    string // the go line, "1.21"
}

// A Program is a loaded tree: the packages of its modules that reach gorilla
// through types, tests included, in one or more build configurations.
type Program struct {
	Config  Config
	Fset    *token.FileSet
	Modules []Module
	Skipped []Skipped
}

// Load loads the tree. A tree in which nothing loads is a *Refusal; packages
// that do not compile are listed in Skipped and take no part.
func Load(ctx context.Context, cfg Config) (*Program, error) { panic("todo") }

// Packages returns the packages of the first build configuration followed by
// those that only other configurations have, for the linter.
func (p *Program) Packages() []*packages.Package { panic("todo") }

// Plan decides what becomes of every site and verifies it. The error is a
// *Refusal or a *VerifyError where the user or the rewriter is at fault.
func (p *Program) Plan(ctx context.Context, opts Options) (*Plan, error) { panic("todo") }
