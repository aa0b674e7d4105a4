// Wsmigrate moves Go code off github.com/gorilla/websocket. Run
//
//	wsmigrate help
//
// for what it can do. It is also a tool for go vet -vettool and
// go fix -fixtool.
package main

import (
	"context"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

func main() {
	if calledByGo(os.Args[1:]) {
		unitchecker.Main(analyzer.Suite...)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// calledByGo reports whether go vet or go fix is calling: it asks for the
// tool's identity or its flags, and then hands over one .cfg file a package.
func calledByGo(args []string) bool {
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "-flags") {
		return true
	}
	return len(args) > 0 && strings.HasSuffix(args[len(args)-1], ".cfg")
}
