package main

import (
	"context"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// shimCommand swaps import paths.
func shimCommand(ctx context.Context, inv *invocation) error {
	if inv.compatDir == "" && releaseVersion() == "" {
		return usagef("shim: this tool was built from source and knows no version of compat to require: name a folder that holds it with -compat-dir")
	}
	return inv.change(ctx, rewrite.SwapImports)
}
