// Package prose renders the texts that the code has about itself, which are
// doc comments and sentences of the table, as Markdown.
package prose
