package prose

import (
	"bytes"
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"regexp"
	"strings"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// Markdown renders doc comment text. A list after a paragraph "Categories:"
// is a section whose items can be linked to by their first words.
func Markdown(b *bytes.Buffer, text string) {
	doc := new(comment.Parser).Parse(text)
	for i, block := range doc.Content {
		switch block := block.(type) {
		case *comment.Heading:
			fmt.Fprintf(b, "\n## %s\n", plain(block.Text))
		case *comment.Code:
			fmt.Fprintf(b, "\n```%s\n%s```\n", language(block.Text), block.Text)
		case *comment.List:
			b.WriteByte('\n')
			anchored := i > 0 && isCategories(doc.Content[i-1])
			for _, item := range block.Items {
				marker := "-"
				if item.Number != "" {
					marker = item.Number + "."
				}
				for j, c := range item.Content {
					if p, ok := c.(*comment.Paragraph); ok {
						text := inline(p.Text)
						if anchored && j == 0 {
							text = category(text)
						}
						fmt.Fprintf(b, "%s %s\n", marker, text)
						marker = "\n" + strings.Repeat(" ", len(marker))
					}
				}
			}
		case *comment.Paragraph:
			if isCategories(block) {
				b.WriteString("\n## Categories\n")
				continue
			}
			fmt.Fprintf(b, "\n%s\n", inline(block.Text))
		}
	}
}

func isCategories(block comment.Block) bool {
	p, ok := block.(*comment.Paragraph)
	return ok && plain(p.Text) == "Categories:"
}

// category marks the word before the colon as the target of links.
func category(text string) string {
	name, rest, ok := strings.Cut(text, ": ")
	if !ok || strings.ContainsAny(name, " `") {
		return text
	}
	return fmt.Sprintf("<a id=%q></a>**%s**: %s", name, name, rest)
}

// language is the name of a block's language, for its fence: Go if it parses
// as declarations or statements.
func language(code string) string {
	for _, src := range []string{"package p\n" + code, "package p\nfunc _() {\n" + code + "}\n"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); err == nil {
			return "go"
		}
	}
	return ""
}

// plain returns the text without markup.
func plain(text []comment.Text) string {
	var s strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			s.WriteString(string(t))
		case comment.Italic:
			s.WriteString(string(t))
		case *comment.Link:
			s.WriteString(plain(t.Text))
		case *comment.DocLink:
			s.WriteString(plain(t.Text))
		}
	}
	return Unwrap(s.String())
}

func inline(text []comment.Text) string {
	var s strings.Builder
	for _, t := range text {
		switch t := t.(type) {
		case comment.Plain:
			s.WriteString(Text(unwrapKeep(string(t))))
		case comment.Italic:
			fmt.Fprintf(&s, "*%s*", escape(string(t)))
		case *comment.Link:
			if t.Auto {
				fmt.Fprintf(&s, "<%s>", t.URL)
			} else {
				fmt.Fprintf(&s, "[%s](%s)", escape(plain(t.Text)), t.URL)
			}
		case *comment.DocLink:
			fmt.Fprintf(&s, "`%s`", plain(t.Text))
		}
	}
	return s.String()
}

// Unwrap joins the lines of a paragraph.
func Unwrap(s string) string { return strings.Join(strings.Fields(s), " ") }

// unwrapKeep is Unwrap for a piece of a paragraph, whose ends may be spaces.
func unwrapKeep(s string) string { return strings.ReplaceAll(s, "\n", " ") }

// code matches what is an identifier or an expression by its shape: a call, a
// qualified name, an import path, a name of several words, a flag.
var code = regexp.MustCompile(strings.Join([]string{
	`(?:\bgo )?[A-Za-z_][\w.]*\((?:[^()]|\([^()]*\))*\)`,
	`\b[A-Za-z]\w*(?:\.[A-Z]\w*)+(?: [!=]= nil)?`,
	`\b[a-z][\w-]*\.[a-z]+(?:/[\w-]+)+`,
	`\bnet/http\b`,
	`\b[A-Z]\w*[a-z][A-Z]\w*`,
	`\b[A-Z]{2,}[a-z]{2,}\w*`,
	`\b(?:\w+\.)*[a-z]+[A-Z]\w*`,
	`\B-[a-z]{2,}\b`,
	`\b[A-Z][a-z]+\b`,
}, "|"))

// notCode are words of that shape.
var notCode = map[string]bool{"WebSocket": true, "WebSockets": true, "GitHub": true}

// single is the last part of every identifier of gorilla and the targets that
// has one word, such as Close.
var single = func() map[string]bool {
	m := make(map[string]bool)
	add := func(s wsapi.Symbol) {
		m[string(s)[strings.LastIndexByte(string(s), '.')+1:]] = true
	}
	for _, row := range wsapi.Mappings() {
		add(row.From)
		for _, s := range row.Nhooyr {
			add(s)
		}
		for _, s := range row.Coder {
			add(s)
		}
	}
	delete(m, "Host") // as a rule the header, with Origin beside it
	return m
}()

var (
	oneWord = regexp.MustCompile(`^[A-Z][a-z]+$`)
	isNoun  = regexp.MustCompile(`^ (becomes|closes|runs|sends|takes|waits|would) `)
)

// Text marks the code in a text and escapes the rest. At the start of a
// sentence a single word such as Close may be a verb, and stays as it is unless
// the next word shows what it is.
func Text(text string) string {
	if strings.Contains(text, "`") {
		return text // marked by its author
	}
	var s strings.Builder
	last := 0
	for _, m := range code.FindAllStringIndex(text, -1) {
		word := text[m[0]:m[1]]
		if notCode[word] {
			continue
		}
		if oneWord.MatchString(word) && (!single[word] || startsSentence(text[:m[0]]) && !isNoun.MatchString(text[m[1]:])) {
			continue
		}
		s.WriteString(escape(text[last:m[0]]))
		fmt.Fprintf(&s, "`%s`", word)
		last = m[1]
	}
	s.WriteString(escape(text[last:]))
	return s.String()
}

func startsSentence(before string) bool {
	before = strings.TrimRight(before, " ")
	return before == "" || strings.ContainsAny(before[len(before)-1:], ".:;?!")
}

var escape = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "|", `\|`).Replace
