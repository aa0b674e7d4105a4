// Package unit is what a rewrite rule works on: one cluster of sites, with
// the means to ask about their surroundings, to plan byte edits, and to say
// why a site cannot be converted or what a conversion changes.
package unit
