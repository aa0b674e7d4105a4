package gomod

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/mod/module"
)

// sums are the checksums of the versions that the rewriter requires, of the
// module's files and of its go.mod.
var sums = map[module.Version][2]string{
	{Path: "nhooyr.io/websocket", Version: "v1.8.17"}: {
		"h1:KEVeLJkUywCKVsnLIDlD/5gtayKp8VoCkksHCGGfT9Y=",
		"h1:rN9OFWIUwuxg4fR5tELlYC04bXYowCP9GX47ivo2l+c=",
	},
	{Path: "github.com/coder/websocket", Version: "v1.8.15"}: {
		"h1:6B2JPeOGlpff2Uz6vOEH1Vzpi0iUz20A+lPVhPHtNUA=",
		"h1:NX3SzP+inril6yawo5CQXx8+fk145lPDC6pumgx0mVg=",
	},
}

const goModSuffix = "/go.mod"

// AddSums returns gosum with the checksums of the modules, in the order of the
// go command. Modules whose sums are neither there nor known are missing.
func AddSums(gosum []byte, mods ...module.Version) (out []byte, missing []module.Version) {
	lines := sumLines(gosum)
	add := false
	for _, m := range mods {
		goMod := module.Version{Path: m.Path, Version: m.Version + goModSuffix}
		known, ok := sums[m]
		if !ok {
			known, ok = released[m]
		}
		if !ok {
			if !hasSum(lines, m) || !hasSum(lines, goMod) {
				missing = append(missing, m)
			}
			continue
		}
		for _, l := range []sumLine{{m, known[0]}, {goMod, known[1]}} {
			if !slices.Contains(lines, l) {
				lines = append(lines, l)
				add = true
			}
		}
	}
	if !add {
		return gosum, missing
	}
	return withLineEnds(format(lines), gosum), missing
}

// DropSums returns gosum without the checksums of the modules.
func DropSums(gosum []byte, paths ...string) []byte {
	lines := sumLines(gosum)
	kept := slices.DeleteFunc(slices.Clone(lines), func(l sumLine) bool {
		return slices.Contains(paths, l.mod.Path)
	})
	if len(kept) == len(lines) {
		return gosum
	}
	return withLineEnds(format(kept), gosum)
}

type sumLine struct {
	mod  module.Version // for a go.mod, the version ends in goModSuffix
	hash string
}

func hasSum(lines []sumLine, m module.Version) bool {
	return slices.ContainsFunc(lines, func(l sumLine) bool { return l.mod == m })
}

// sumLines parses go.sum. A line the go command could not read is kept as a
// path, for the go command to complain about.
func sumLines(gosum []byte) []sumLine {
	var lines []sumLine
	for line := range bytes.Lines(gosum) {
		switch f := strings.Fields(string(line)); len(f) {
		case 0:
		case 3:
			lines = append(lines, sumLine{module.Version{Path: f[0], Version: f[1]}, f[2]})
		default:
			lines = append(lines, sumLine{mod: module.Version{Path: strings.Join(f, " ")}})
		}
	}
	return lines
}

func format(lines []sumLine) []byte {
	byModule := make(map[module.Version][]string)
	var mods []module.Version
	for _, l := range lines {
		if byModule[l.mod] == nil {
			mods = append(mods, l.mod)
		}
		byModule[l.mod] = append(byModule[l.mod], l.hash)
	}
	module.Sort(mods)
	out := []byte{} // an emptied go.sum stays a file
	for _, m := range mods {
		hashes := byModule[m]
		slices.Sort(hashes)
		for _, hash := range slices.Compact(hashes) {
			line := strings.TrimSpace(m.Path + " " + m.Version + " " + hash)
			out = append(append(out, line...), '\n')
		}
	}
	return out
}
