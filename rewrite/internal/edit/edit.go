package edit

import (
	"bytes"
	"fmt"
	"sort"
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
	src   []byte
	edits []Edit
}

// NewBuffer returns a buffer over src, which it does not change.
func NewBuffer(src []byte) *Buffer { return &Buffer{src: src} }

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

// Bytes returns the edited text.
func (b *Buffer) Bytes() ([]byte, error) {
	edits := append([]Edit(nil), b.edits...)
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
	if err := b.render(&out, edits, 0, len(b.src)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// render writes [start, end) of the source with edits, sorted, applied. Edits
// outside the range are passed over.
func (b *Buffer) render(out *bytes.Buffer, edits []Edit, start, end int) error {
	pos := start
	for i := 0; i < len(edits); i++ {
		e := edits[i]
		if e.Start < start || e.End > end || e.Start > end {
			continue
		}
		if e.Start < pos {
			return fmt.Errorf("edits overlap at offset %d", e.Start)
		}
		out.Write(b.src[pos:e.Start])
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
		for _, p := range e.Parts {
			if !p.Quote {
				out.WriteString(p.Text)
				continue
			}
			if p.Start < e.Start || p.End > e.End {
				// Quoted from elsewhere: as it stands, without edits.
				out.Write(b.src[p.Start:p.End])
				continue
			}
			if err := b.render(out, inner, p.Start, p.End); err != nil {
				return err
			}
		}
		if e.Start < e.End {
			i = n - 1
		}
		pos = e.End
	}
	out.Write(b.src[pos:end])
	return nil
}
