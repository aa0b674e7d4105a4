package analyzer

import (
	"fmt"
	"slices"
	"strings"
)

// A Selection says which findings are wanted. The zero value wants all.
type Selection struct{ in, out []string }

// An UnknownRuleError names a rule that Suite does not have.
type UnknownRuleError struct{ Rule string }

// Error names the rules that there are.
func (e *UnknownRuleError) Error() string {
	return fmt.Sprintf("there is no rule %s: the rules are %s", e.Rule, strings.Join(RuleNames(), ", "))
}

// RuleNames returns the names of the rules in the order of Suite.
func RuleNames() []string {
	var names []string
	for _, a := range Suite {
		names = append(names, a.Name)
	}
	return names
}

// Select reads a list of rules or rule/category. Those with a leading - are
// left out; where none is let in, all others are.
func Select(list []string) (Selection, error) {
	var s Selection
	for _, item := range list {
		id, drop := strings.CutPrefix(item, "-")
		rule, _, _ := strings.Cut(id, "/")
		if !slices.Contains(RuleNames(), rule) {
			return Selection{}, &UnknownRuleError{rule}
		}
		if drop {
			s.out = append(s.out, id)
		} else {
			s.in = append(s.in, id)
		}
	}
	return s, nil
}

// Has reports whether findings of the rule's category are wanted.
func (s Selection) Has(rule, category string) bool {
	has := func(list []string) bool {
		return slices.Contains(list, rule) || slices.Contains(list, rule+"/"+category)
	}
	return (len(s.in) == 0 || has(s.in)) && !has(s.out)
}
