package gomod

import (
	"bytes"
	"fmt"
	"go/version"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// separateIndirect is the go line from which on go.mod lists what is required
// indirectly, in a block of its own.
const separateIndirect = "1.17"

// An Edit says what a go.mod shall require. A path stands in one of Require,
// Indirect, Keep, MarkIndirect and Drop at most.
type Edit struct {
	// Require are direct requirements: added, or raised to at least the
	// version, or made direct. They are never lowered.
	Require []module.Version
	// Indirect are indirect requirements: added (from go 1.17 on, and without a
	// go line, as go mod tidy has it: an older go.mod does not list them), or
	// raised, or made indirect.
	Indirect []module.Version
	// Keep are modules that are needed, and that nothing else asks for in this
	// version any longer: added as indirect requirements, or raised.
	Keep []module.Version
	// MarkIndirect makes existing requirements indirect. Their version stays.
	MarkIndirect []string
	// Drop removes requirements, and replacements by a folder.
	Drop []string
	// Replace adds or changes replacements.
	Replace []Replacement
	// Go raises the go line, which is never lowered; "" keeps it.
	Go string
}

// A Replacement replaces all versions of the module Old by the folder New,
// written as an absolute path or one that begins with ./ or ../.
type Replacement struct{ Old, New string }

// Empty reports whether the edit asks for nothing.
func (e Edit) Empty() bool {
	return len(e.Require)+len(e.Indirect)+len(e.Keep)+len(e.MarkIndirect)+len(e.Drop)+len(e.Replace) == 0 && e.Go == ""
}

// Apply returns gomod with the edit. Where that changes nothing the bytes are
// those given; else they are formatted, as the go command does.
func Apply(gomod []byte, e Edit) ([]byte, error) {
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	before, err := f.Format()
	if err != nil {
		return nil, err
	}
	if err := raiseGo(f, e.Go); err != nil {
		return nil, err
	}
	if err := setRequirements(f, e); err != nil {
		return nil, err
	}
	if err := setReplacements(f, e); err != nil {
		return nil, err
	}
	f.Cleanup()
	after, err := f.Format()
	if err != nil {
		return nil, err
	}
	if bytes.Equal(before, after) {
		return gomod, nil
	}
	return withLineEnds(after, gomod), nil
}

func raiseGo(f *modfile.File, to string) error {
	if to == "" || f.Go != nil && Compare(f.Go.Version, to) >= 0 {
		return nil
	}
	if err := f.AddGoStmt(to); err != nil {
		return err
	}
	// The go line implies a toolchain; one that is not newer is void.
	if t := f.Toolchain; t != nil && version.IsValid(t.Name) && version.Compare(t.Name, "go"+to) <= 0 {
		f.DropToolchainStmt()
	}
	return nil
}

func setRequirements(f *modfile.File, e Edit) error {
	separate := f.Go == nil || Compare(f.Go.Version, separateIndirect) >= 0
	var list []*modfile.Require
	at := make(map[string]*modfile.Require)
	for _, r := range f.Require {
		if old := at[r.Mod.Path]; old != nil { // listed twice
			old.Mod.Version = higher(old.Mod.Version, r.Mod.Version)
			old.Indirect = old.Indirect && r.Indirect
			continue
		}
		at[r.Mod.Path] = &modfile.Require{Mod: r.Mod, Indirect: r.Indirect}
		list = append(list, at[r.Mod.Path])
	}
	set := func(m module.Version, indirect bool) error {
		for _, x := range f.Exclude {
			if x.Mod == m {
				return fmt.Errorf("go.mod excludes %s, which is needed", m)
			}
		}
		r := at[m.Path]
		switch {
		case r == nil && indirect && !separate:
			return nil
		case r == nil:
			r = &modfile.Require{Mod: m}
			at[m.Path] = r
			list = append(list, r)
		}
		r.Mod.Version = higher(r.Mod.Version, m.Version)
		r.Indirect = indirect
		return nil
	}
	for _, m := range e.Require {
		if err := set(m, false); err != nil {
			return err
		}
	}
	for _, m := range e.Indirect {
		if err := set(m, true); err != nil {
			return err
		}
	}
	for _, m := range e.Keep {
		r := at[m.Path]
		if r == nil {
			r = &modfile.Require{Mod: m, Indirect: true}
			at[m.Path] = r
			list = append(list, r)
		}
		r.Mod.Version = higher(r.Mod.Version, m.Version)
	}
	for _, path := range e.MarkIndirect {
		if r := at[path]; r != nil {
			r.Indirect = true
		}
	}
	for _, path := range e.Drop {
		delete(at, path)
	}
	kept := list[:0]
	for _, r := range list {
		if at[r.Mod.Path] == r {
			kept = append(kept, r)
		}
	}
	switch {
	case len(f.Require) == 0 && len(kept) == 0:
	case separate:
		f.SetRequireSeparateIndirect(kept)
	default:
		f.SetRequire(kept)
	}
	return nil
}

func setReplacements(f *modfile.File, e Edit) error {
	for _, path := range e.Drop {
		var drop []module.Version
		for _, r := range f.Replace {
			if r.Old.Path == path && r.New.Version == "" {
				drop = append(drop, r.Old)
			}
		}
		for _, old := range drop {
			if err := f.DropReplace(old.Path, old.Version); err != nil {
				return err
			}
		}
	}
	for _, r := range e.Replace {
		if !modfile.IsDirectoryPath(r.New) {
			return fmt.Errorf("replace %s: %s is no path of a folder", r.Old, r.New)
		}
		if err := f.AddReplace(r.Old, "", r.New, ""); err != nil {
			return err
		}
	}
	return nil
}

func higher(v, w string) string {
	if semver.Compare(v, w) < 0 {
		return w
	}
	return v
}

// withLineEnds gives text, whose lines end in LF, the line ends that most
// lines of like have.
func withLineEnds(text, like []byte) []byte {
	if crlf := bytes.Count(like, []byte("\r\n")); 2*crlf <= bytes.Count(like, []byte("\n")) {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}

// GoLine returns the version of the go line, such as "1.20", or "" if there is
// none.
func GoLine(gomod []byte) string {
	f, err := modfile.ParseLax("go.mod", gomod, nil)
	if err != nil || f.Go == nil {
		return ""
	}
	return f.Go.Version
}

// Compare orders the versions of go lines, such as "1.20" and "1.21.3": it
// returns -1, 0 or +1. The empty version is less than all others.
func Compare(a, b string) int { return version.Compare("go"+a, "go"+b) }

// Replaced reports whether go.mod replaces a module in the version it
// requires, and by what: "path@version", or a folder.
func Replaced(gomod []byte, path string) (target string, ok bool) {
	// ParseLax would skip the replacements.
	f, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return "", false
	}
	required := ""
	for _, r := range f.Require {
		if r.Mod.Path == path {
			required = higher(required, r.Mod.Version)
		}
	}
	for _, r := range f.Replace {
		if r.Old.Path != path {
			continue
		}
		switch r.Old.Version {
		case required: // beats a replacement of all versions
			return r.New.String(), true
		case "":
			target, ok = r.New.String(), true
		}
	}
	return target, ok
}
