// Wsbench measures WebSocket libraries, among them the drop-in package on both
// of its engines, under the same load in one run. Run
//
//	wsbench help
//
// for what it can do. docs/benchmarks.md of the project says what came out.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	if isWorker() {
		signal.Ignore(os.Interrupt) // it goes to the parent too, which ends its workers
		os.Exit(work(os.Stdin, os.Stdout, os.Stderr))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}
