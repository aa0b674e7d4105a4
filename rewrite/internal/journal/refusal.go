package journal

import (
	"path/filepath"
	"slices"
	"strings"
)

// A Refusal says why nothing was written and what the user can do.
type Refusal struct {
	Reason string // lowercase, without a full stop
	Help   string
}

// Error returns the reason, and the help after a colon.
func (r *Refusal) Error() string { return r.Reason + ": " + r.Help }

// An obstacle is a ground for refusal that a file can give.
type obstacle struct{ one, many, help string }

var (
	outside = obstacle{"%s lies outside the tree", "%s lie outside the tree",
		"run wsmigrate in the folder that holds it, or replace the link by a file"}
	broken = obstacle{"%s is a link that leads nowhere", "%s are links that lead nowhere",
		"mend or remove the link"}
	irregular = obstacle{"%s is not a regular file", "%s are not regular files",
		"move it away"}
	aliased = obstacle{"%s is the same file as another one of the plan", "%s are the same files as others of the plan",
		"replace the link by a file"}
	changed = obstacle{"%s was changed after it was read", "%s were changed after they were read",
		"run wsmigrate again"}
	readOnly = obstacle{"%s has no write permission", "%s have no write permission",
		"give it with chmod u+w"}
	dirty = obstacle{"%s has uncommitted changes", "%s have uncommitted changes",
		"commit or stash them, or use -force"}
	changedSince = obstacle{"%s was changed since wsmigrate wrote it", "%s were changed since wsmigrate wrote them",
		"undo would lose that; take the change back first, or use git to go back"}
	changedInterrupted = obstacle{"%s was changed after a run of wsmigrate was interrupted", "%s were changed after a run of wsmigrate was interrupted",
		"take the change back, or remove the folder " + folder + " to keep all files as they are"}
)

// obstacles collects what stands in the way, so that one refusal names every
// file.
type obstacles struct {
	kinds []obstacle
	files map[obstacle][]string
}

func (o *obstacles) add(kind obstacle, file string) {
	if o.files == nil {
		o.files = make(map[obstacle][]string)
	}
	if _, ok := o.files[kind]; !ok {
		o.kinds = append(o.kinds, kind)
	}
	if !slices.Contains(o.files[kind], file) {
		o.files[kind] = append(o.files[kind], file)
	}
}

// refusal returns nil if nothing was added.
func (o *obstacles) refusal() error {
	var reasons, helps []string
	for _, kind := range o.kinds {
		files, text := o.files[kind], kind.one
		if len(files) > 1 {
			text = kind.many
		}
		slices.Sort(files)
		reasons = append(reasons, strings.Replace(text, "%s", enumerate(files), 1))
		if !slices.Contains(helps, kind.help) {
			helps = append(helps, kind.help)
		}
	}
	if reasons == nil {
		return nil
	}
	return &Refusal{Reason: strings.Join(reasons, "; "), Help: strings.Join(helps, "; ")}
}

func enumerate(files []string) string {
	last := len(files) - 1
	if last == 0 {
		return files[0]
	}
	return strings.Join(files[:last], ", ") + " and " + files[last]
}

// display turns a name of the journal into one for people.
func display(name string) string { return filepath.FromSlash(name) }
