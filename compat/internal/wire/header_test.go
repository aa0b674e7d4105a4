package wire

import (
	"bytes"
	"math"
	"testing"
)

func TestHeaderAppend(t *testing.T) {
	key := [4]byte{1, 2, 3, 4}
	for _, test := range []struct {
		h    Header
		want string
	}{
		{Header{First: Fin | Text}, "\x81\x00"},
		{Header{First: Fin | Text, Length: 125}, "\x81\x7d"},
		{Header{First: Fin | Text, Length: 126}, "\x81\x7e\x00\x7e"},
		{Header{First: Fin | Text, Length: 65535}, "\x81\x7e\xff\xff"},
		{Header{First: Fin | Text, Length: 65536}, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"},
		{Header{First: Binary, Length: math.MaxInt64}, "\x02\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{Header{First: Continuation | RSV1, Length: 1}, "\x40\x01"},
		{Header{First: Fin | Ping, Masked: true, Key: key}, "\x89\x80\x01\x02\x03\x04"},
		{Header{First: Fin | Ping, Masked: true, Key: key, Length: 125}, "\x89\xfd\x01\x02\x03\x04"},
		{Header{First: Fin | Binary, Masked: true, Key: key, Length: 126}, "\x82\xfe\x00\x7e\x01\x02\x03\x04"},
		{Header{First: Fin | Binary, Masked: true, Key: key, Length: 65536}, "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00\x01\x02\x03\x04"},
	} {
		got := test.h.Append([]byte("before"))
		if string(got) != "before"+test.want {
			t.Errorf("%+v: %x, want %x", test.h, got[6:], test.want)
		}
		if test.h.Size() != len(test.want) {
			t.Errorf("%+v: size %d, want %d", test.h, test.h.Size(), len(test.want))
		}
	}
}

// TestParse parses what Append appends, and nothing that is cut off.
func TestParse(t *testing.T) {
	for _, length := range []int64{0, 1, 125, 126, 65535, 65536, math.MaxInt64, math.MinInt64} {
		for _, masked := range []bool{false, true} {
			want := Header{First: RSV1 | Text, Masked: masked, Length: length}
			if masked {
				want.Key = [4]byte{1, 2, 3, 4}
			}
			b := want.Append(nil)
			if length < 0 { // which is on the wire what nobody appends
				b = append([]byte{RSV1 | Text, b[1]&MaskBit | 127, 0x80, 0, 0, 0, 0, 0, 0, 0}, want.Key[:4*(b[1]>>7)]...)
			}
			got, size := Parse(append(b, "payload"...))
			if got != want || size != len(b) {
				t.Errorf("%+v of %d bytes: %+v of %d", want, len(b), got, size)
			}
			for n := range b {
				if _, size := Parse(b[:n]); size != 0 {
					t.Errorf("%+v: the first %d bytes are taken for a header", want, n)
				}
			}
		}
	}
}

// TestMask masks every part of a payload on its own, with the key rotated to
// where the part starts.
func TestMask(t *testing.T) {
	key := [4]byte{0x12, 0x34, 0x56, 0x78}
	plain := []byte("a payload of more than sixteen bytes")
	want := make([]byte, len(plain))
	for i := range plain {
		want[i] = plain[i] ^ key[i%4]
	}
	for from := range plain {
		for to := from; to <= len(plain); to++ {
			p := append([]byte(nil), plain[from:to]...)
			Mask(p, Rotate(key, int64(from)))
			if !bytes.Equal(p, want[from:to]) {
				t.Fatalf("bytes %d to %d: %x, want %x", from, to, p, want[from:to])
			}
			if MaskTo(p, plain[from:to], Rotate(key, int64(from))); !bytes.Equal(p, want[from:to]) {
				t.Fatalf("bytes %d to %d apart: %x, want %x", from, to, p, want[from:to])
			}
			if MaskTo(p, plain[from:to], [4]byte{}); !bytes.Equal(p, plain[from:to]) {
				t.Fatalf("bytes %d to %d without a key: %x", from, to, p)
			}
		}
	}
}
