package prose

import (
	"bytes"
	"testing"
)

func TestMarkdown(t *testing.T) {
	const text = `First line
and second.

Categories:

  - one: the first
    of them.
  - two: NextWriter.

# Heading

Bad:

	c.Close()

	go func() {}()

At the shell:

	wsmigrate lint ./...
`
	const want = `
First line and second.

## Categories

- <a id="one"></a>**one**: the first of them.
- <a id="two"></a>**two**: ` + "`NextWriter`" + `.

## Heading

Bad:

` + "```go" + `
c.Close()

go func() {}()
` + "```" + `

At the shell:

` + "```" + `
wsmigrate lint ./...
` + "```" + `
`
	var b bytes.Buffer
	Markdown(&b, text)
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
}

func TestText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Close becomes CloseNow.", "`Close` becomes `CloseNow`."},
		{"Close the writer. Write CloseNow.", "Close the writer. Write `CloseNow`."},
		{"a Reader, read to io.EOF", "a `Reader`, read to `io.EOF`"},
		{`gets go c.Close(code, "") at once`, "gets `go c.Close(code, \"\")` at once"},
		{"guard it with resp.Body != nil.", "guard it with `resp.Body != nil`."},
		{"a WebSocket of golang.org/x/net/websocket", "a WebSocket of `golang.org/x/net/websocket`"},
		{"the HTTPHeader field, -to coder, or -1", "the `HTTPHeader` field, `-to` coder, or -1"},
		{"a request (dashboard.serveLive) of s.hub.connSet", "a request (`dashboard.serveLive`) of `s.hub.connSet`"},
		{"a *T, a_b, <x> and [y]", `a \*T, a\_b, &lt;x> and \[y]`},
		{"marked `by hand` (a_b)", "marked `by hand` (a_b)"},
	} {
		if got := Text(test.text); got != test.want {
			t.Errorf("Text(%q) = %s, want %s", test.text, got, test.want)
		}
	}
}
