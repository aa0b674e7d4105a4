package rewrite

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wsmigrate/wsmigrate/rewrite/internal/goline"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/gomod"
)

// goLine returns the go line that holds for the module.
func (m *moduleState) goLine() string {
	if m.Go == "" {
		return "1.16"
	}
	return m.Go
}

// raiseGo checks that the module's go line may be raised, and says what
// changes.
func (pl *planner) raiseGo(ctx context.Context, m *moduleState, to string) error {
	from := m.goLine()
	key := m.Dir + " " + to
	e, ok := pl.raised[key]
	if !ok {
		var err error
		if e, err = pl.effects(ctx, m, to); err != nil {
			return err
		}
		if pl.raised == nil {
			pl.raised = map[string]goLineEffects{}
		}
		pl.raised[key] = e
	}
	flag := ""
	if crossesLoops(from, to) {
		flag = ", for which -raise-go is needed"
		if !pl.opts.RaiseGo {
			what := "no loop that would change was found"
			if len(e.loops) > 0 {
				what = fmt.Sprintf("%d loop(s) change their meaning there: %s", len(e.loops), strings.Join(e.loops, ", "))
			}
			settings := ""
			if e.settings != "" {
				settings = ", and " + e.settings
			}
			return refuse("allow it with -raise-go, or use -to nhooyr",
				"%s says go %s and %s needs go %s; from 1.22 on each iteration of a loop has its own variables (%s)%s",
				filepath.Base(m.GoMod), from, pl.opts.Target.Path, to, what, settings)
		}
		for _, l := range e.loops {
			pl.msgs = append(pl.msgs, "this loop's variables become new ones in each iteration: "+l)
		}
	}
	pl.msgs = append(pl.msgs, fmt.Sprintf("the go line of %s goes from %s to %s%s", m.Path, from, to, flag))
	if e.settings != "" {
		pl.msgs = append(pl.msgs, e.settings)
	}
	return nil
}

// crossesLoops reports whether loops may change their meaning.
func crossesLoops(from, to string) bool {
	return gomod.Compare(from, "1.22") < 0 && gomod.Compare(to, "1.22") >= 0
}

// goLineEffects is what a newer go line changes besides go.mod.
type goLineEffects struct {
	loops    []string // "file:line (variable)"
	settings string   // a sentence about GODEBUG settings, if any change
}

func (pl *planner) effects(ctx context.Context, m *moduleState, to string) (goLineEffects, error) {
	var e goLineEffects
	var err error
	if crossesLoops(m.goLine(), to) {
		if e.loops, err = pl.loops(ctx, m); err != nil {
			return e, err
		}
	}
	e.settings, err = pl.settings(ctx, m, to)
	if err != nil && ctx.Err() == nil {
		e.settings, err = fmt.Sprintf("which GODEBUG settings of %s change cannot be told: %v", m.Path, err), nil
	}
	return e, err
}

// loops lists the loops of the module whose meaning changes at go 1.22, in
// all of its packages.
func (pl *planner) loops(ctx context.Context, m *moduleState) ([]string, error) {
	views := pl.prog.tree.Views
	others, err := pl.prog.tree.Others(ctx)
	if err != nil {
		return nil, err
	}
	if others != nil {
		views = append(slices.Clip(views), others)
	}
	var out []string
	for _, v := range views {
		for _, l := range goline.Loops(v.Packages) {
			p := pl.prog.Fset.PositionFor(l.Pos, false)
			if rel, err := filepath.Rel(m.Dir, p.Filename); err == nil && !strings.HasPrefix(rel, "..") {
				out = append(out, fmt.Sprintf("%s:%d (%s)", filepath.ToSlash(rel), p.Line, l.Name))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// settings says which GODEBUG settings of the module's programs change with
// its go line.
func (pl *planner) settings(ctx context.Context, m *moduleState, to string) (string, error) {
	mains := pl.mains(m)
	if len(mains) == 0 {
		return "", nil
	}
	e := gomod.Edit{Go: to}
	if needsList(m.goLine(), to) {
		pl.listIndirect(m, &e)
	}
	mod, err := gomod.Apply(m.old, e)
	if err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp("", "wsmigrate-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	newMod, overlay := filepath.Join(tmp, "go.mod"), filepath.Join(tmp, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {m.GoMod: newMod}})
	if err == nil {
		err = os.WriteFile(newMod, mod, 0o600)
	}
	if err == nil {
		err = os.WriteFile(overlay, replace, 0o600)
	}
	if err != nil {
		return "", err
	}
	flags := []string{"-overlay=" + overlay}
	if pl.prog.tree.Vendored(m.Dir) {
		flags = append(flags, "-mod=mod")
	}
	var gone, other []string
	for _, pkg := range mains {
		before, err := goline.DefaultGODEBUG(ctx, m.Dir, pl.prog.Env(), pkg)
		if err != nil {
			return "", err
		}
		after, err := goline.DefaultGODEBUG(ctx, m.Dir, pl.prog.Env(), pkg, flags...)
		if err != nil {
			return "", err
		}
		for _, s := range goline.Changed(before, after) {
			if s.After == "" {
				gone = append(gone, s.Name+"="+s.Before)
			} else {
				other = append(other, s.Name+"="+s.After)
			}
		}
	}
	var text []string
	for _, part := range []struct {
		verb string
		list []string
	}{{"lose", gone}, {"get", other}} {
		if len(part.list) > 0 {
			slices.Sort(part.list)
			text = append(text, fmt.Sprintf("the programs of %s %s the GODEBUG settings %s", m.Path, part.verb, strings.Join(slices.Compact(part.list), ", ")))
		}
	}
	return strings.Join(text, "; "), nil
}

// mains returns the import paths of the module's programs that reach a
// library.
func (pl *planner) mains(m *moduleState) []string {
	var out []string
	for _, v := range pl.prog.tree.Views {
		if v.Build.File != "" || v.Build.GOOS != "" || v.Build.GOARCH != "" {
			continue
		}
		for _, p := range v.Packages {
			if p.Name == "main" && p.ForTest == "" && p.Module != nil && p.Module.Path == m.Path {
				out = append(out, p.PkgPath)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
