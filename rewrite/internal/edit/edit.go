package edit

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"unicode/utf8"
)

// A Part is a piece of a replacement: a literal text, or a quotation of the
// original bytes [Start, End) with the edits inside that range applied.
type Part struct {
	Text       string
	Start, End int
	Quote      bool
}

// Text returns a literal part.
func Text(s string) Part { return Part{Text: s} }

// Quote returns a part that quotes the original bytes [start, end).
func Quote(start, end int) Part { return Part{Start: start, End: end, Quote: true} }

// An Edit replaces the bytes [Start, End) of a file by its parts. An insertion
// has Start == End.
type Edit struct {
	Start, End int
	Parts      []Part
	seq        int
}

// A Buffer collects the edits of one file. Edits may nest: an edit within the
// range of another takes effect where the outer one quotes it and is dropped
// elsewhere. Edits that overlap without nesting are an error.
type Buffer struct {
	src      []byte
	edits    []Edit
	comments [][2]int
	written  map[int]bool // the starts of comments that the text keeps
}

// NewBuffer returns a buffer over src, which it does not change.
func NewBuffer(src []byte) *Buffer { return &Buffer{src: src} }

// Comment says that the bytes [start, end) are a comment. What an edit quotes
// from elsewhere, or once more, is quoted without its comments, so that each
// appears once. Calls are in the order of the offsets.
func (b *Buffer) Comment(start, end int) {
	b.comments = append(b.comments, [2]int{start, end})
}

// Len returns the number of edits.
func (b *Buffer) Len() int { return len(b.edits) }

// Source returns the original bytes.
func (b *Buffer) Source() []byte { return b.src }

// Replace replaces [start, end) by parts.
func (b *Buffer) Replace(start, end int, parts ...Part) {
	b.edits = append(b.edits, Edit{start, end, parts, len(b.edits)})
}

// Insert inserts text before offset. Insertions at one offset appear in the
// order of the calls; an insertion at the start of a replaced range stands
// before the replacement, one at its end stands behind it.
func (b *Buffer) Insert(offset int, text string) {
	b.Replace(offset, offset, Text(text))
}

// Bytes returns the edited text. A comment that no edit keeps gets a line of its
// own before what takes its place.
func (b *Buffer) Bytes() ([]byte, error) {
	b.written = make(map[int]bool)
	out, err := b.apply(b.edits)
	if err != nil {
		return nil, err
	}
	var lost []Edit
	for _, c := range b.comments {
		if !b.written[c[0]] {
			at := b.lineBefore(c[0])
			indent := at
			for indent < len(b.src) && (b.src[indent] == ' ' || b.src[indent] == '\t') {
				indent++
			}
			text := string(b.src[at:indent]) + string(b.src[c[0]:c[1]]) + "\n"
			lost = append(lost, Edit{at, at, []Part{Text(text)}, -1})
		}
	}
	if len(lost) == 0 {
		return out, nil
	}
	return b.apply(append(lost, b.edits...))
}

// lineBefore returns the start of the line on which the edits around an offset
// begin, and which no edit replaces.
func (b *Buffer) lineBefore(at int) int {
	for {
		start := at
		for _, e := range b.edits {
			if e.Start < at && at < e.End || e.Start == at && at < e.End {
				start = min(start, e.Start)
			}
		}
		for start > 0 && b.src[start-1] != '\n' {
			start--
		}
		if start == at {
			return at
		}
		at = start
	}
}

func (b *Buffer) apply(all []Edit) ([]byte, error) {
	edits := append([]Edit(nil), all...)
	// Outer edits come before the ones they contain.
	sort.SliceStable(edits, func(i, j int) bool {
		x, y := edits[i], edits[j]
		if x.Start != y.Start {
			return x.Start < y.Start
		}
		if xi, yi := x.Start == x.End, y.Start == y.End; xi != yi {
			return xi // insertions first
		}
		if x.End != y.End {
			return x.End > y.End
		}
		return x.seq < y.seq
	})
	var out bytes.Buffer
	if err := b.render(&out, edits, 0, len(b.src), nil); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// copy writes [start, end) of the source as it stands, without the comments
// that drop names; nil names none.
func (b *Buffer) copy(out *bytes.Buffer, start, end int, drop func(start, end int) bool) {
	for _, c := range b.comments {
		if c[0] < start || c[1] > end {
			continue
		}
		if drop == nil || !drop(c[0], c[1]) {
			b.written[c[0]] = true
			continue
		}
		out.Write(b.src[start:c[0]])
		if start = c[1]; word(b.src[c[0]-1]) && start < len(b.src) && word(b.src[start]) {
			out.WriteByte(' ')
		}
	}
	out.Write(b.src[start:end])
}

// word reports whether a byte may be part of an identifier or a number: two
// such tokens need something between them.
func word(c byte) bool {
	return c == '_' || c >= utf8.RuneSelf || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// render writes [start, end) of the source with edits, sorted, applied. Edits
// outside the range are passed over, and comments that drop names.
func (b *Buffer) render(out *bytes.Buffer, edits []Edit, start, end int, drop func(start, end int) bool) error {
	pos := start
	for i := 0; i < len(edits); i++ {
		e := edits[i]
		if e.Start < start || e.End > end || e.Start > end {
			continue
		}
		if e.Start < pos {
			return fmt.Errorf("edits overlap at offset %d", e.Start)
		}
		b.copy(out, pos, e.Start, drop)
		// The edits inside e's range follow it in the order.
		n := i + 1
		var inner []Edit
		for ; n < len(edits) && e.Start < e.End; n++ {
			x := edits[n]
			if x.Start >= e.End {
				break
			}
			if x.End > e.End {
				return fmt.Errorf("edits overlap at offset %d", x.Start)
			}
			if x.Start == e.Start && x.End == e.End {
				return fmt.Errorf("two edits of the range at offset %d", x.Start)
			}
			inner = append(inner, x)
		}
		for n, p := range e.Parts {
			if !p.Quote {
				out.WriteString(p.Text)
				continue
			}
			if p.Start < e.Start || p.End > e.End {
				// Quoted from elsewhere: as it stands, without edits.
				b.copy(out, p.Start, p.End, func(start, end int) bool { return start < e.Start || end > e.End })
				continue
			}
			again := func(start, end int) bool {
				return drop != nil && drop(start, end) || slices.ContainsFunc(e.Parts[:n], func(q Part) bool {
					return q.Quote && q.Start <= start && end <= q.End
				})
			}
			if err := b.render(out, inner, p.Start, p.End, again); err != nil {
				return err
			}
		}
		if e.Start < e.End {
			i = n - 1
		}
		pos = e.End
	}
	b.copy(out, pos, end, drop)
	return nil
}
