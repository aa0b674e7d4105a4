// Package flow finds the uses of a WebSocket library's identifiers and groups
// them into clusters: the sets of sites whose types must change together,
// because values flow between them in places where Go demands identical
// types. What crosses the border of the tree, such as a dependency that wants
// the library's types, is recorded as a boundary of the cluster.
package flow
