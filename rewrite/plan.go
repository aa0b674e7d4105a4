package rewrite

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/flow"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/gomod"
	"github.com/wsmigrate/wsmigrate/rewrite/internal/unit"
	"github.com/wsmigrate/wsmigrate/rewrite/rules"
)

// A planner turns a loaded tree into a plan.
type planner struct {
	prog  *Program
	opts  Options
	graph *flow.Graph
	items []*item
	// byFile holds the selected clusters of every file.
	byFile map[*flow.File][]*item
	owner  map[*flow.Site]*item
	mods   []*moduleState
	msgs   []string
	raised map[string]goLineEffects // by folder of the module and go line
}

// An item is a cluster on its way through planning.
type item struct {
	id       int
	name     string
	c        *flow.Cluster
	unit     *unit.Unit
	outcome  Outcome
	reasons  []Reason
	notes    []Note
	diag     string
	selected bool
}

// Plan decides what becomes of every site and verifies it. The error is a
// *Refusal, as for a tree in which no package compiles, or a *VerifyError where
// the user or the rewriter is at fault.
func (p *Program) Plan(ctx context.Context, opts Options) (*Plan, error) {
	if err := p.compiles(); err != nil {
		return nil, err
	}
	if opts.Target.Path == "" {
		opts.Target = wsapi.TargetNhooyr
	}
	if opts.Ctx == "" {
		opts.Ctx = CtxAuto
	}
	if opts.Fallback == "" {
		opts.Fallback = FallbackShim
	}
	pl := &planner{prog: p, opts: opts, byFile: map[*flow.File][]*item{}, owner: map[*flow.Site]*item{}}
	pl.progress("planning", 0, 1)
	if err := pl.readModules(); err != nil {
		return nil, err
	}
	pl.graph = flow.Analyze(p.tree, pl.isSource)
	if err := pl.decide(); err != nil {
		return nil, err
	}
	pl.progress("planning", 1, 1)
	changes, err := pl.settle(ctx)
	if err != nil {
		return nil, err
	}
	return pl.plan(changes), nil
}

func (pl *planner) progress(stage string, done, total int) {
	if pl.opts.Progress != nil {
		pl.opts.Progress(stage, done, total)
	}
}

// isSource reports whether the import path is a library that this plan moves
// code away from.
func (pl *planner) isSource(path string) bool {
	switch {
	case path == wsapi.GorillaPath:
		return true
	case pl.opts.Mode == SwapImports:
		return false
	case path == wsapi.CompatPath:
		return true
	case pl.opts.Target.Name == wsapi.TargetCoder.Name:
		return path == wsapi.TargetNhooyr.Path || path == wsapi.TargetNhooyr.Path+"/wsjson"
	}
	return false
}

// decide gives every cluster its first outcome.
func (pl *planner) decide() error {
	for i, c := range pl.graph.Clusters {
		it := &item{id: i + 1, c: c}
		pl.items = append(pl.items, it)
		for _, s := range c.Sites {
			pl.owner[s] = it
		}
	}
	pl.nameItems()
	known := map[string]bool{}
	for _, it := range pl.items {
		it.selected = pl.matched(it) && pl.only(it, known)
		if !it.selected {
			continue
		}
		for _, f := range it.c.Files {
			pl.byFile[f] = append(pl.byFile[f], it)
		}
	}
	for _, o := range pl.opts.Only {
		if !known[o] {
			return refuse("`wsmigrate ./...` lists the clusters with their numbers and names", "-only %s names no cluster and no folder with one", o)
		}
	}
	settings := unit.Settings{
		Target: pl.opts.Target, Background: pl.opts.Ctx == CtxBackground, TODO: pl.opts.Ctx == CtxTODO,
		GoVersion: pl.goVersion,
	}
	var before []*unit.Unit
	for _, it := range pl.items {
		if !it.selected {
			continue
		}
		it.outcome = pl.bounds(it)
		if pl.opts.Mode == SwapImports || it.outcome == Pinned {
			continue
		}
		it.unit = unit.New(settings, pl.graph, it.c)
		it.unit.Before = before
		it.unit.Run(rules.All())
		if w, home := it.unit.Wrapper, it.unit.Home; w != "" {
			it.unit = unit.New(settings, pl.graph, it.c)
			it.unit.Before, it.unit.Wrapped, it.unit.Home = before, w, home
			it.unit.Run(rules.All())
		}
		for _, e := range it.unit.Files() {
			if !slices.Contains(pl.byFile[e.File], it) {
				pl.byFile[e.File] = append(pl.byFile[e.File], it) // a file without sites of its own
			}
		}
		for _, r := range it.unit.Reasons {
			it.reasons = append(it.reasons, Reason(r))
			it.outcome = Shim
		}
		switch {
		case it.outcome == Shim:
		case it.unit.Helpers():
			it.outcome = Helpers
		default:
			it.outcome = Native
		}
		if it.outcome != Shim {
			before = append(before, it.unit)
			for _, n := range it.unit.Notes {
				it.notes = append(it.notes, Note(n))
			}
		}
	}
	return nil
}

// bounds returns the best outcome that the cluster's boundaries allow, and
// records them as reasons.
func (pl *planner) bounds(it *item) Outcome {
	out := Native
	if pl.opts.Mode == SwapImports {
		out = Shim
	}
	add := func(o Outcome, b flow.Boundary) {
		if o == Pinned || out == Native {
			out = o
		}
		it.reasons = append(it.reasons, Reason{b.Pos, b.Kind, b.Text, b.Help})
	}
	for _, b := range it.c.Boundaries {
		switch b.Kind {
		case flow.Dependency, flow.Broken, flow.Generated, flow.Reflect, flow.Cgo:
			add(Pinned, b)
		case flow.API:
			if !pl.opts.BreakAPI {
				add(Pinned, b)
			}
		case flow.Interface: // the rule of the name settles it
		}
	}
	for _, f := range it.c.Files {
		m := pl.module(f.Path)
		if m == nil {
			continue
		}
		if to, ok := gomod.Replaced(m.old, wsapi.GorillaPath); ok {
			add(Pinned, flow.Boundary{Kind: "fork", Pos: it.c.Sites[0].Pos, Text: "go.mod replaces " + wsapi.GorillaPath + " by " + to, Help: "drop the replacement if the fork's changes are not needed"})
			break
		}
	}
	return out
}

// matched reports whether the user's patterns name a package of the cluster.
func (pl *planner) matched(it *item) bool {
	for _, f := range it.c.Files {
		if pl.prog.matches(f.Pkg) {
			return true
		}
	}
	return false
}

// only reports whether Options.Only selects the cluster, and marks the words
// of it that name something.
func (pl *planner) only(it *item, known map[string]bool) bool {
	if len(pl.opts.Only) == 0 {
		return true
	}
	sel := false
	for _, o := range pl.opts.Only {
		if o == strconv.Itoa(it.id) || o == it.name {
			known[o], sel = true, true
			continue
		}
		dir := filepath.Join(pl.prog.Config.Dir, filepath.FromSlash(o))
		for _, f := range it.c.Files {
			if d := filepath.Dir(f.Path); d == dir || strings.HasPrefix(d, dir+string(filepath.Separator)) {
				known[o], sel = true, true
			}
		}
	}
	return sel
}

// nameItems names clusters after the folder of their first file, and after
// the side of the connection that they make.
func (pl *planner) nameItems() {
	count := map[string]int{}
	for _, it := range pl.items {
		dir := filepath.Dir(it.c.Files[0].Path)
		name := ""
		if rel, err := filepath.Rel(pl.prog.Config.Dir, dir); err == nil && rel != "." {
			name = filepath.ToSlash(rel)
		} else if m := pl.prog.tree.ModuleOf(dir); m != nil && m.Dir == dir && m.Path != "" {
			name = path.Base(m.Path)
		} else {
			name = filepath.Base(dir)
		}
		var server, client bool
		for _, s := range it.c.Sites {
			switch s.Symbol {
			case "Upgrader.Upgrade", "Upgrade", "Upgrader", "Accept":
				server = true
			case "Dialer.Dial", "Dialer.DialContext", "Dialer", "DefaultDialer", "NewClient", "Dial":
				client = true
			}
		}
		switch {
		case server && client:
			name += " (server, client)"
		case server:
			name += " (server)"
		case client:
			name += " (client)"
		}
		count[name]++
		if n := count[name]; n > 1 {
			name += " #" + strconv.Itoa(n)
		}
		it.name = name
	}
}

// canShim reports whether clusters may move to compat.
func (pl *planner) canShim() bool {
	return pl.opts.Fallback != FallbackLeave && (pl.opts.CompatDir != "" || pl.opts.CompatVersion != "")
}

// plan makes the public form.
func (pl *planner) plan(changes []FileChange) *Plan {
	out := &Plan{Options: pl.opts, Changes: changes, Skipped: pl.prog.Skipped, Messages: append(pl.otherVersions(), pl.msgs...), Configs: len(pl.prog.tree.Views)}
	ids := map[string]bool{}
	for _, v := range pl.prog.tree.Views {
		for _, p := range v.Packages {
			ids[p.PkgPath] = true
		}
	}
	out.Packages = len(ids)
	for _, it := range pl.items {
		if !it.selected {
			continue
		}
		c := &Cluster{ID: it.id, Name: it.name, Outcome: it.outcome, Moves: pl.moves(it), Blocking: it.reasons, Notes: it.notes, Diagnostic: it.diag}
		for _, s := range it.c.Sites {
			c.Sites = append(c.Sites, Site{s.Pos, s.Symbol})
		}
		for _, f := range it.c.Files {
			c.Files = append(c.Files, f.Path)
		}
		out.Clusters = append(out.Clusters, c)
	}
	sort.Slice(out.Changes, func(i, j int) bool { return out.Changes[i].Path < out.Changes[j].Path })
	out.Messages = slices.Compact(out.Messages)
	if pl.converts("Conn.") {
		out.Messages = append(out.Messages, pl.closeFrames())
	}
	if pl.converts("Upgrade") {
		out.Messages = append(out.Messages, "converted handlers answer a request that asks for no WebSocket with status 426, where gorilla answered 400, and the text of a refusal is another")
	}
	return out
}

// moves reports whether the plan changes the cluster.
func (pl *planner) moves(it *item) bool {
	return it.outcome == Native || it.outcome == Helpers ||
		slices.ContainsFunc(it.c.Sites, func(s *flow.Site) bool { return pl.destination(it, s) != s.Path })
}

// converts reports whether a converted cluster uses an identifier of gorilla
// that begins with the prefix.
func (pl *planner) converts(prefix string) bool {
	return slices.ContainsFunc(pl.items, func(it *item) bool {
		return it.selected && (it.outcome == Native || it.outcome == Helpers) && slices.ContainsFunc(it.c.Sites, func(s *flow.Site) bool {
			return (s.Path == wsapi.GorillaPath || s.Path == wsapi.CompatPath) && strings.HasPrefix(string(s.Symbol), prefix)
		})
	})
}

// closeFrames says how the target's close frames differ from gorilla's. It
// holds for every converted connection.
func (pl *planner) closeFrames() string {
	text := "converted connections answer a close frame with its reason too, where gorilla sent the code alone, and say in that of code 1009 how long a message may be"
	if pl.opts.Target.Name == wsapi.TargetNhooyr.Name {
		// v1.8.17; coder repaired it in v1.8.13.
		text += "; nhooyr.io/websocket sends its own close frame once more when the peer's comes in answer"
	}
	return text
}
