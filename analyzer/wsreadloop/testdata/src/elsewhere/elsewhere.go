// Package elsewhere is one that the rule does not look into.
package elsewhere

// Fatal says something about an error.
func Fatal(err error) bool { return err != nil }
