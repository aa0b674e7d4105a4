package measure

import "testing"

func TestWants(t *testing.T) {
	tests := []struct {
		only  string
		names []string
		want  bool
	}{
		{"", []string{"a"}, true},
		{"CW", []string{"CW01", "wsclose"}, true},
		{"RE,ws", []string{"CW01", "wsclose"}, true},
		{"RE,", []string{"CW01", "wsclose"}, false},
		{"01", []string{"CW01"}, false},
	}
	for _, tt := range tests {
		if got := Wants(tt.only, tt.names...); got != tt.want {
			t.Errorf("Wants(%q, %q) = %v", tt.only, tt.names, got)
		}
	}
}
