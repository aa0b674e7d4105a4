// Package elsewhere is one that the rule does not look into.
package elsewhere

import "context"

// Do takes its time.
func Do() {}

// With does something with a context.
func With(context.Context) {}
