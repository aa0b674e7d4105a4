package rewrite

import "context"

// ApplyOptions say how a plan is written.
type ApplyOptions struct {
	// Force writes over uncommitted changes.
	Force bool
	// Env is the environment of git.
	Env []string
}

// Apply writes the plan below root, all or nothing, and records it in
// root/.wsmigrate so that Undo can take it back. It refuses (a *Refusal) if a
// file was changed since it was loaded, has uncommitted changes that wsmigrate
// did not make, is not writable by its mode, or if another run holds the lock.
func (p *Plan) Apply(ctx context.Context, root string, opts ApplyOptions) error { panic("todo") }

// Undo takes back the newest run recorded in root/.wsmigrate and returns the
// absolute paths that it restored or removed. It refuses if a file was changed
// since, or if there is nothing to undo.
func Undo(ctx context.Context, root string, opts ApplyOptions) ([]string, error) { panic("todo") }
