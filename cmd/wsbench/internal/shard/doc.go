// Package shard spreads connections over worker processes, as far as the limit
// of open files asks for it, and drives these processes. A worker ends with
// its parent, whatever ends that.
package shard
