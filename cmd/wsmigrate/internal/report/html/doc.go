// Package html writes a report as one page that needs nothing else: no network,
// no other file. It is for reading and review: a map of the clusters, hazards
// with their code and the way of each goroutine, and diffs side by side with
// the differences in behaviour at the hunks that bring them.
//
// The page works without its script and without colour, with the keyboard and
// with a screen reader, on a telephone and on paper; the script filters.
package html
