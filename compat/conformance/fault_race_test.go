//go:build race

package conformance

// raceEnabled says whether the race detector is on: its memory is part of the
// process, and it makes pools forget.
const raceEnabled = true
