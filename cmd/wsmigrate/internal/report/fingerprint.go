package report

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

var (
	position = regexp.MustCompile(`([\w./\\-]+\.go):\d+(:\d+)?`)
	number   = regexp.MustCompile(`\d+`)
)

// Fingerprint identifies a finding across edits that move it: it is made of
// the rule, the category, the file, the enclosing function and the message
// without its line numbers.
func (f Finding) Fingerprint() string {
	msg := position.ReplaceAllString(f.Message, "$1")
	msg = number.ReplaceAllString(msg, "N")
	key := strings.Join([]string{f.Rule, f.Category, f.Posn.File, f.Func, msg}, "\x00")
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:8])
}
