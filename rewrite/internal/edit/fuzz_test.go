package edit

import (
	"bytes"
	"testing"
)

// FuzzBuffer plans edits from random numbers: the result is an error, or the
// source with every range outside the edits in its place.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte("0123456789"), []byte{1, 2, 3, 4, 5, 6})
	f.Add([]byte("0123456789"), []byte{0, 9, 2, 3, 5, 5, 7, 7, 9, 1})
	f.Fuzz(func(t *testing.T, src, nums []byte) {
		if len(src) == 0 || len(src) > 64 || len(nums) > 32 {
			return
		}
		b := NewBuffer(src)
		covered := make([]bool, len(src))
		for i := 0; i+2 < len(nums); i += 3 {
			x, y := int(nums[i])%(len(src)+1), int(nums[i+1])%(len(src)+1)
			start, end := min(x, y), max(x, y)
			parts := []Part{Text("<"), Text(">")}
			if nums[i+2]%2 == 0 {
				parts = []Part{Text("<"), Quote(start, end), Text(">")}
			} else {
				for j := start; j < end; j++ {
					covered[j] = true
				}
			}
			b.Replace(start, end, parts...)
		}
		out, err := b.Bytes()
		if err != nil {
			return
		}
		// What nothing replaced appears in order.
		rest := out
		for i, c := range src {
			if covered[i] {
				continue
			}
			j := bytes.IndexByte(rest, c)
			if j < 0 {
				t.Fatalf("byte %d (%q) of %q is lost in %q", i, c, src, out)
			}
			rest = rest[j+1:]
		}
	})
}
