package edit

import "testing"

func TestBytes(t *testing.T) {
	const src = "0123456789"
	tests := []struct {
		name string
		do   func(b *Buffer)
		want string // "" means an error
	}{
		{"none", func(b *Buffer) {}, src},
		{"replace", func(b *Buffer) { b.Replace(2, 4, Text("ab")) }, "01ab456789"},
		{"delete", func(b *Buffer) { b.Replace(0, 10) }, ""},
		{"insert in call order", func(b *Buffer) { b.Insert(3, "x"); b.Insert(3, "y") }, "012xy3456789"},
		{"insert beside replacement", func(b *Buffer) { b.Replace(2, 4, Text("R")); b.Insert(2, "<"); b.Insert(4, ">") }, "01<R>456789"},
		{"inner edit is quoted", func(b *Buffer) {
			b.Replace(5, 6, Text("F"))
			b.Replace(2, 8, Text("["), Quote(4, 7), Text("]"))
		}, "01[4F6]89"},
		{"inner edit outside the quote is dropped", func(b *Buffer) {
			b.Replace(3, 4, Text("T"))
			b.Replace(2, 8, Text("["), Quote(5, 7), Text("]"))
		}, "01[56]89"},
		{"quoted twice", func(b *Buffer) {
			b.Replace(3, 4, Text("T"))
			b.Replace(2, 5, Quote(3, 4), Quote(3, 4))
		}, "01TT56789"},
		{"insertion at the borders of a quote", func(b *Buffer) {
			b.Insert(4, "<")
			b.Insert(6, ">")
			b.Replace(2, 8, Quote(4, 6))
		}, "01<45>89"},
		{"three deep", func(b *Buffer) {
			b.Replace(0, 10, Text("a"), Quote(1, 9))
			b.Replace(2, 8, Text("b"), Quote(3, 7))
			b.Replace(4, 5, Text("c"))
		}, "a1b3c568"},
		{"a comment quoted twice", func(b *Buffer) {
			b.Comment(3, 5)
			b.Replace(2, 8, Quote(2, 6), Text("-"), Quote(3, 7))
		}, "012345- 5689"},
		{"a comment in the second quote alone", func(b *Buffer) {
			b.Comment(3, 5)
			b.Replace(2, 8, Quote(5, 6), Text("-"), Quote(3, 7))
		}, "015-345689"},
		{"a comment quoted from elsewhere", func(b *Buffer) {
			b.Comment(3, 5)
			b.Replace(7, 8, Quote(1, 6))
		}, "012345612 589"},
		{"a comment quoted from here and elsewhere", func(b *Buffer) {
			b.Comment(3, 5)
			b.Comment(6, 7)
			b.Replace(5, 8, Quote(2, 8))
		}, "012342 56789"},
		{"overlap", func(b *Buffer) { b.Replace(2, 5); b.Replace(4, 7) }, "error"},
		{"same range twice", func(b *Buffer) { b.Replace(2, 5, Text("a")); b.Replace(2, 5, Text("b")) }, "error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := NewBuffer([]byte(src))
			tt.do(b)
			got, err := b.Bytes()
			if tt.want == "error" {
				if err == nil {
					t.Fatalf("got %q, want an error", got)
				}
				return
			}
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
