// Package conns gathers, for each WebSocket connection of a package, all that
// the package does with it: which call made it, and which calls of the library
// take it, however it gets there through variables, fields, arguments,
// results, closures, containers and channels.
//
// Values that may be one connection form a [Group]. A field is one place for
// all instances of its struct, and a container one place for its elements, so
// a group may stand for several connections, but no connection is in two
// groups. That suits rules that ask whether something is ever done: what one
// member of a group has, all of them are taken to have. Functions in test
// files are left out.
package conns
