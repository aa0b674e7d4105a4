// Package target is what the project asks of the drop-in package's speed, and
// whether a report shows it.
package target
