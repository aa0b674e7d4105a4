package text

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/internal/golden"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report/reporttest"
	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/term"
)

func TestText(t *testing.T) {
	var b bytes.Buffer
	w := &Writer{Doc: reporttest.Sample(t)}
	if err := w.Hazards(&b); err != nil {
		t.Fatal(err)
	}
	if err := w.Plan(&b); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, "sample.txt", b.Bytes())
}

func TestTextEmpty(t *testing.T) {
	var b bytes.Buffer
	w := &Writer{Doc: report.New(t.TempDir(), "nhooyr.io/websocket")}
	if err := w.Hazards(&b); err != nil {
		t.Fatal(err)
	}
	if err := w.Plan(&b); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), "hazards: none found\n\nplan: nothing to migrate\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Colour marks text up and changes nothing else.
func TestTextColor(t *testing.T) {
	write := func(p term.Palette) string {
		var b bytes.Buffer
		w := &Writer{Doc: reporttest.Sample(t), Palette: p}
		if err := w.Hazards(&b); err != nil {
			t.Fatal(err)
		}
		if err := w.Plan(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	plain, colored := write(term.Palette{}), write(term.Always.Palette(nil, nil))
	if !strings.Contains(colored, "\x1b[32mnative\x1b[0m") {
		t.Errorf("native is not green in\n%s", colored)
	}
	for colored != "" {
		before, after, found := strings.Cut(colored, "\x1b[")
		if !strings.HasPrefix(plain, before) {
			t.Fatalf("colour changed %q", before)
		}
		plain = plain[len(before):]
		if !found {
			break
		}
		_, colored, _ = strings.Cut(after, "m")
	}
	if plain != "" {
		t.Errorf("colour lost %q", plain)
	}
}

func TestFold(t *testing.T) {
	for width, want := range map[int]string{
		0:  "  one two three four\n",
		11: "  one two\n  three\n  four\n",
		1:  "  one\n  two\n  three\n  four\n",
	} {
		var b bytes.Buffer
		(&Writer{Width: width}).fold(&b, "  ", "one two\nthree four")
		if b.String() != want {
			t.Errorf("width %d: %q, want %q", width, b.String(), want)
		}
	}
}

func TestVerboseNamesFiles(t *testing.T) {
	var b bytes.Buffer
	if err := (&Writer{Doc: reporttest.Sample(t), Verbose: true}).Clusters(&b); err != nil {
		t.Fatal(err)
	}
	if want := "\n  1  hub.go\n  2  mein hub/größe #1.go\n  3  legacy.go\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("got\n%s\nwant it to end in\n%s", b.String(), want)
	}
}

func TestTable(t *testing.T) {
	tab := Table{Right: []bool{true}}
	tab.Add(Cell{Text: "1"}, Cell{Text: "ü"}, Cell{Text: "x"})
	tab.Add(Cell{Text: "10"}, Cell{Text: "long"}, Cell{Text: "y"})
	var b bytes.Buffer
	if err := tab.Write(&b); err != nil {
		t.Fatal(err)
	}
	if got, want := b.String(), " 1  ü     x\n10  long  y\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
