// Package markdown writes a report as the text of a pull request: what moves,
// what will behave differently, which hazards there are, what remains and why,
// and how the change was verified.
package markdown
