package rewrite

import (
	"fmt"
	"path/filepath"
	"sort"
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
func (pl *planner) raiseGo(m *moduleState, to string) error {
	from := m.goLine()
	flag := ""
	if gomod.Compare(from, "1.22") < 0 && gomod.Compare(to, "1.22") >= 0 {
		flag = ", for which -raise-go is needed"
		loops := pl.loops(m)
		if !pl.opts.RaiseGo {
			what := "no loop that would change was found"
			if len(loops) > 0 {
				what = fmt.Sprintf("%d loop(s) change their meaning there: %s", len(loops), strings.Join(loops, ", "))
			}
			return refuse("allow it with -raise-go, or use -to nhooyr",
				"%s says go %s and %s needs go %s; from 1.22 on each iteration of a loop has its own variables (%s)", filepath.Base(m.GoMod), from, pl.opts.Target.Path, to, what)
		}
		for _, l := range loops {
			pl.msgs = append(pl.msgs, "this loop's variables become new ones in each iteration: "+l)
		}
	}
	pl.msgs = append(pl.msgs, fmt.Sprintf("the go line of %s goes from %s to %s%s", m.Path, from, to, flag))
	return nil
}

// loops lists the loops of the module whose meaning changes at go 1.22.
func (pl *planner) loops(m *moduleState) []string {
	seen := map[string]bool{}
	for _, v := range pl.prog.tree.Views {
		for _, l := range goline.Loops(v.Packages) {
			p := pl.prog.Fset.PositionFor(l.Pos, false)
			if rel, err := filepath.Rel(m.Dir, p.Filename); err == nil && !strings.HasPrefix(rel, "..") {
				seen[fmt.Sprintf("%s:%d (%s)", filepath.ToSlash(rel), p.Line, l.Name)] = true
			}
		}
	}
	out := make([]string, 0, len(seen))
	for s := range seen {
		out = append(out, s)
	}
	sort.Strings(out)
	return out
}
