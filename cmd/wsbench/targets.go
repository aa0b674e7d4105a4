package main

import (
	"context"
	"errors"
)

func runTargets(ctx context.Context, inv *invocation) (int, error) { return 0, errors.New("not yet") }
func runDocs(ctx context.Context, inv *invocation) (int, error)    { return 0, errors.New("not yet") }
