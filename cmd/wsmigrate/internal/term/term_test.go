package term

import (
	"bytes"
	"strings"
	"testing"
)

func TestPalette(t *testing.T) {
	env := func(kv map[string]string) func(string) string {
		return func(k string) string { return kv[k] }
	}
	tests := []struct {
		mode ColorMode
		env  map[string]string
		on   bool
	}{
		{Always, nil, true},
		{Always, map[string]string{"NO_COLOR": "1"}, true}, // the flag is the more specific wish
		{Never, nil, false},
		{Auto, nil, false}, // a buffer is no terminal
	}
	for _, tt := range tests {
		p := tt.mode.Palette(new(bytes.Buffer), env(tt.env))
		if p.On() != tt.on {
			t.Errorf("%s %v: colour %v, want %v", tt.mode, tt.env, p.On(), tt.on)
		}
		if got := p.Red("x"); (got != "x") != tt.on {
			t.Errorf("%s: Red(x) = %q", tt.mode, got)
		}
	}
}

func TestColorModeSet(t *testing.T) {
	var m ColorMode
	if err := m.Set("sometimes"); err == nil {
		t.Error("Set(sometimes) succeeded")
	}
	if err := m.Set("never"); err != nil || m != Never {
		t.Errorf("Set(never) = %v, mode %q", err, m)
	}
}

// A bar draws nothing before its delay is over, then what it was told last,
// and leaves the line empty.
func TestBar(t *testing.T) {
	var out bytes.Buffer
	var fire func()
	stopped := false
	b := newBar(&out, func(f func()) func() { fire = f; return func() { stopped = true } })
	b.Update("loading", 1, 4)
	if out.Len() != 0 {
		t.Fatalf("drawn before the delay: %q", out.String())
	}
	fire()
	if got := out.String(); !strings.Contains(got, "loading") || !strings.Contains(got, "1/4") {
		t.Fatalf("after the delay: %q", got)
	}
	out.Reset()
	b.Update("verifying", 0, 0)
	if got := out.String(); !strings.Contains(got, "verifying") {
		t.Fatalf("next stage: %q", got)
	}
	b.Close()
	if !stopped {
		t.Error("Close left the delay running")
	}
	out.Reset()
	b.Update("late", 1, 2)
	fire()
	if out.Len() != 0 {
		t.Errorf("drawn after Close: %q", out.String())
	}
}

func TestNewProgressNeedsTerminal(t *testing.T) {
	if _, ok := NewProgress(new(bytes.Buffer), true).(silent); !ok {
		t.Error("a buffer gets a bar")
	}
}
