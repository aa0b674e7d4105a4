package analyzer_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer"
)

func TestSelect(t *testing.T) {
	found := [][2]string{{"wsconcurrent", "goroutine"}, {"wsconcurrent", "timer"}, {"wsorigin", "always"}}
	tests := []struct{ list, want []string }{
		{nil, []string{"wsconcurrent/goroutine", "wsconcurrent/timer", "wsorigin/always"}},
		{[]string{"wsorigin"}, []string{"wsorigin/always"}},
		{[]string{"-wsorigin"}, []string{"wsconcurrent/goroutine", "wsconcurrent/timer"}},
		{[]string{"wsconcurrent", "-wsconcurrent/timer"}, []string{"wsconcurrent/goroutine"}},
		{[]string{"wsconcurrent/timer", "wsorigin"}, []string{"wsconcurrent/timer", "wsorigin/always"}},
	}
	for _, tt := range tests {
		s, err := analyzer.Select(tt.list)
		if err != nil {
			t.Errorf("%q: %v", tt.list, err)
			continue
		}
		var got []string
		for _, f := range found {
			if s.Has(f[0], f[1]) {
				got = append(got, f[0]+"/"+f[1])
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q selects %v, want %v", tt.list, got, tt.want)
		}
	}
	var unknown *analyzer.UnknownRuleError
	if _, err := analyzer.Select([]string{"-wsorigins/always"}); !errors.As(err, &unknown) || unknown.Rule != "wsorigins" {
		t.Errorf("an unknown rule: %v", err)
	}
}
