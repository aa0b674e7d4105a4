package html

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/reporttest"
)

// screenshots is where pictures go, if it is set: the test's own folder ends
// with the test.
const screenshots = "WSMIGRATE_SCREENSHOTS"

// TestBrowser looks at the page as people do: at the widths of a telephone, a
// tablet and a desk, in both schemes and on paper.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	source := axe(t)
	b := newBrowser(t)
	dir := os.Getenv(screenshots)
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(t.TempDir(), "report größe.html")
	// Twice the same: names that have to differ are looked at too.
	d := reporttest.Sample(t)
	d.Findings = slices.Concat(d.Findings, d.Findings)
	d.Changes = slices.Concat(d.Changes, d.Changes)
	if err := os.WriteFile(path, write(t, d), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{400, 900, 1600} {
		for _, scheme := range []string{"light", "dark"} {
			name := fmt.Sprintf("%d-%s", width, scheme)
			b.show(width, scheme, "screen")
			b.open(path)
			var over int
			b.eval(`document.documentElement.scrollWidth - document.documentElement.clientWidth`, &over)
			if over > 0 {
				t.Errorf("%s: the page is %d pixels wider than the window", name, over)
			}
			var clipped []string
			b.eval(`[...document.querySelectorAll("pre, p, h1, h2, h3, h4, td, th, li, .badge")].filter(e => e.offsetParent && !e.closest(".hidden") && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline").map(e => e.tagName + " " + e.textContent.slice(0, 60))`, &clipped)
			if len(clipped) > 0 {
				t.Errorf("%s: text is wider than its place: %q", name, clipped)
			}
			b.screenshot(filepath.Join(dir, name+".png"))
			b.eval(source+"; 0", nil)
			var violations []string
			b.eval(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html.slice(0, 200) + " " + (n.failureSummary || "")).join("; ")))`, &violations)
			for _, v := range violations {
				t.Errorf("%s: axe: %s", name, v)
			}
		}
	}
	b.show(1000, "dark", "print")
	b.open(path)
	b.screenshot(filepath.Join(dir, "print.png"))
	var background string
	b.eval(`getComputedStyle(document.body).backgroundColor`, &background)
	if background != "rgb(255, 255, 255)" {
		t.Errorf("paper is %s", background)
	}
	for _, said := range b.console {
		t.Errorf("the page says on its console: %s", said)
	}
	if os.Getenv(screenshots) != "" {
		t.Logf("screenshots are in %s", dir)
	}
}

// TestKeyboard uses the page without a mouse.
func TestKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a browser")
	}
	b := newBrowser(t)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, write(t, reporttest.Sample(t)), 0o666); err != nil {
		t.Fatal(err)
	}
	b.show(1200, "light", "screen")
	b.open(path)

	focus := func() string {
		var s string
		b.eval(`(() => { const e = document.activeElement; return e.id || e.getAttribute("href") || e.textContent.trim().slice(0, 40) })()`, &s)
		return s
	}
	shown := func(kind string) int {
		var n int
		b.eval(`[...document.querySelectorAll(".item.`+kind+`")].filter(e => e.offsetParent).length`, &n)
		return n
	}
	status := func() string {
		var s string
		b.eval(`document.getElementById("f-status").textContent`, &s)
		return s
	}
	// tab goes on to the element that focus names so.
	tab := func(want string) {
		t.Helper()
		var seen []string
		for range 60 {
			b.key("Tab")
			got := focus()
			if got == want {
				var ring string
				b.eval(`(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + " " + s.outlineWidth })()`, &ring)
				if strings.HasPrefix(ring, "none") || strings.HasSuffix(ring, " 0px") {
					t.Errorf("the focus on %s cannot be seen: %s", want, ring)
				}
				return
			}
			seen = append(seen, got)
		}
		t.Fatalf("Tab does not lead to %q, but to %q", want, seen)
	}

	b.key("Tab")
	if got := focus(); got != "#main" {
		t.Errorf("the first stop is %s, not the link past the navigation", got)
	}
	b.key("Enter")
	if got := focus(); got != "main" {
		t.Errorf("the link leads to %s", got)
	}
	b.eval(`document.activeElement.blur(); window.getSelection().removeAllRanges(); 0`, nil)
	b.open(path)

	tab("f-text")
	for _, r := range "legacy" {
		b.key(string(r))
	}
	if h, s, f := shown("hazard"), shown("set"), shown("file"); h != 0 || s != 1 || f != 0 {
		t.Errorf("with the text legacy: %d hazards, %d clusters, %d files", h, s, f)
	}
	if want := "Showing 0 of 3 hazards, 1 of 4 clusters, 0 of 4 files."; status() != want {
		t.Errorf("the status is %q, want %q", status(), want)
	}
	var nothing int
	b.eval(`[...document.querySelectorAll(".nothing")].filter(e => e.offsetParent).length`, &nothing)
	if nothing != 2 {
		t.Errorf("%d parts say that nothing is left, want 2", nothing)
	}
	tab("Clear")
	b.key("Enter")
	b.eval(`new Promise(r => setTimeout(r))`, nil)
	if h, s, f := shown("hazard"), shown("set"), shown("file"); h != 3 || s != 4 || f != 4 || status() != "" {
		t.Errorf("after Clear: %d hazards, %d clusters, %d files, %q", h, s, f, status())
	}

	b.open(path)
	tab("f-rule")
	b.key("w") // the first: a select goes to what begins so
	tab("f-tier")
	b.key("h")
	if h, s := shown("hazard"), shown("set"); h != 1 || s != 4 {
		t.Errorf("with a rule and a tier: %d hazards, %d clusters", h, s)
	}
	tab("f-outcome")
	b.key("s")
	if s, f := shown("set"), shown("file"); s != 1 || f != 0 {
		t.Errorf("with the outcome shim: %d clusters, %d files", s, f)
	}

	b.open(path)
	open := func() int {
		var n int
		b.eval(`document.querySelectorAll(".file details[open]").length`, &n)
		return n
	}
	tab("close-all")
	b.key("Space")
	if open() != 0 {
		t.Errorf("%d diffs are open", open())
	}
	tab("#cluster-1")
	b.key("Enter")
	var hash string
	b.eval(`location.hash`, &hash)
	if hash != "#cluster-1" {
		t.Errorf("a tile of the map leads to %q", hash)
	}
	b.eval(`document.querySelector(".file summary").focus(); 0`, nil)
	b.key("Enter")
	if open() != 1 {
		t.Errorf("after Enter on a file %d diffs are open", open())
	}
	for _, said := range b.console {
		t.Errorf("the page says on its console: %s", said)
	}
}
