package rewrite

import (
	"context"
	"errors"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/journal"
)

// ApplyOptions say how a plan is written.
type ApplyOptions struct {
	// Force writes over uncommitted changes.
	Force bool
	// Env is the environment of git, as os.Environ gives it. Without a git in
	// its PATH no change counts as uncommitted.
	Env []string
}

// Apply writes the plan below root, all or nothing, and records it in
// root/.wsmigrate so that Undo can take it back. It refuses (a *Refusal that
// names every file concerned) if a file was changed since it was loaded, has
// uncommitted changes that wsmigrate did not make, is not writable by its mode
// or that of its folder, is not regular or lies outside root, or if another
// run holds the lock. A ctx that ends before the first file is replaced stops
// it; after that it runs to the end.
func (p *Plan) Apply(ctx context.Context, root string, opts ApplyOptions) error {
	changes := make([]journal.Change, len(p.Changes))
	for i, c := range p.Changes {
		changes[i] = journal.Change(c)
	}
	return refused(opts.writer(root).Write(ctx, changes))
}

// Undo takes back the newest run recorded in root/.wsmigrate and returns the
// absolute paths that it restored or removed. It refuses if a file was changed
// since, or if there is nothing to undo. If the newest run was interrupted
// while it replaced files, taking back what it did is all Undo does.
func Undo(ctx context.Context, root string, opts ApplyOptions) ([]string, error) {
	paths, err := opts.writer(root).Undo(ctx)
	return paths, refused(err)
}

// Recover takes back a run below root that was interrupted, by a crash or a
// signal, and returns the absolute paths that it restored or removed. Apply
// and Undo do so themselves; calling it before Load spares a plan made from
// half-written files.
func Recover(ctx context.Context, root string, opts ApplyOptions) ([]string, error) {
	paths, err := opts.writer(root).Recover(ctx)
	return paths, refused(err)
}

// Interrupted reports whether a run that writes below root has not come to its
// end: it was interrupted, or is at work. Until Recover, Apply or Undo, files may
// be half old and half new.
func Interrupted(root string) bool { return journal.Interrupted(root) }

func (o ApplyOptions) writer(root string) *journal.Writer {
	return &journal.Writer{Root: root, Force: o.Force, Env: o.Env}
}

// refused turns the journal's refusals into this package's.
func refused(err error) error {
	var r *journal.Refusal
	if errors.As(err, &r) {
		return &Refusal{Reason: r.Reason, Help: r.Help}
	}
	return err
}
