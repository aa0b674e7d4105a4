package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// releaseVersion returns the version of the release that the tool is, or ""
// if it was built from source. It is also the version of compat to require.
func releaseVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	return releaseOf(info.Main.Version)
}

// releaseOf returns v if it is the version of a release: a valid one that is
// neither derived from a commit nor marked as modified.
func releaseOf(v string) string {
	if !semver.IsValid(v) || module.IsPseudoVersion(v) || semver.Build(v) != "" {
		return ""
	}
	return v
}

// versionCommand prints versions.
func versionCommand(_ context.Context, inv *invocation) error {
	if len(inv.args) > 0 {
		return usagef("version takes no operand, not %s", inv.args[0])
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	fmt.Fprintf(&inv.results, "wsmigrate %s\n", describe(info))
	fmt.Fprintf(&inv.results, "built with %s for %s/%s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, t := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
		fmt.Fprintf(&inv.results, "engine %s %s\n", t.Path, t.Version)
	}
	return nil
}

// describe says which wsmigrate it is: the version of a release, or else the
// commit that it was built from, as far as that is known.
func describe(info *debug.BuildInfo) string {
	about := []string{"built from source"}
	if v := releaseOf(info.Main.Version); v != "" {
		if info.Main.Replace == nil {
			return v
		}
	} else if module.IsPseudoVersion(info.Main.Version) {
		about = append(about, info.Main.Version)
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && s.Value != "":
			about = append(about, "commit "+s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			about = append(about, "with changes")
		}
	}
	return "(" + strings.Join(about, ", ") + ")"
}
