// Package rules holds the rewrite rules: what becomes of each use of a
// gorilla identifier in a cluster that is converted to the target's own API.
//
// A rule is one file and one line in All. It claims the sites it handles and
// either plans their edits or refuses them with a reason; it never guesses. A
// site that no rule claims is refused. Rules run in the order of All: those
// that recognise a recipe of several statements come before those that
// convert a single call.
package rules
