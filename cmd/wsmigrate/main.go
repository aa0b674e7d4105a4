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
	"runtime/debug"
	"syscall"

	"golang.org/x/tools/go/analysis/unitchecker"
)

func main() {
	if calledByGo(os.Args[1:]) {
		unitchecker.Main(vetSuite()...)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // what a run loads lives to its end
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}
