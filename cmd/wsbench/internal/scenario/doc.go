// Package scenario is the course of each measurement: it drives the workers,
// turns the libraries round by round, and makes results of what they report.
package scenario
