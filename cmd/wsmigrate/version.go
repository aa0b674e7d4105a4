package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

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
	v := releaseVersion()
	if v == "" {
		v = "(built from source)"
	}
	fmt.Fprintf(&inv.results, "wsmigrate %s\n", v)
	fmt.Fprintf(&inv.results, "built with %s\n", runtime.Version())
	for _, t := range []wsapi.Target{wsapi.TargetNhooyr, wsapi.TargetCoder} {
		fmt.Fprintf(&inv.results, "engine %s %s\n", t.Path, t.Version)
	}
	return nil
}
