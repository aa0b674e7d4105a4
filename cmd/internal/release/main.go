package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

const usage = `usage: release tag VERSION
       release build VERSION DIR

tag commits the versions that the modules require of each other beside the
current branch, which stays as it is, and tags every module that is released.
build makes the binaries of a tagged version in DIR, with their checksums.
Run it from the root of the repository.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("what to do is missing")
	}
	version := args[1]
	if semver.Canonical(version) != version || module.IsPseudoVersion(version) {
		return fmt.Errorf("%s is no version of a release, such as v0.1.0", version)
	}
	repo := &repository{dir: "."}
	switch {
	case args[0] == "tag" && len(args) == 2:
		tags, err := repo.tag(ctx, version)
		if err != nil {
			return err
		}
		fmt.Fprintf(stdout, "tagged; to publish:\n\n\tgit push --atomic origin %s\n", strings.Join(tags, " "))
		return nil
	case args[0] == "build" && len(args) == 3:
		return repo.build(ctx, version, args[2], platforms, stdout)
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("no such command: %s", strings.Join(args, " "))
}
