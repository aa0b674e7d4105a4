package wire

import "encoding/binary"

// Bits of the first two bytes of a frame header (RFC 6455, section 5.2).
const (
	Fin        = 1 << 7
	RSV1       = 1 << 6
	RSV2       = 1 << 5
	RSV3       = 1 << 4
	OpcodeMask = 0x0f

	MaskBit    = 1 << 7
	LengthMask = 0x7f
)

// Opcodes.
const (
	Continuation = 0
	Text         = 1
	Binary       = 2
	Close        = 8
	Ping         = 9
	Pong         = 10
)

const (
	// MaxHeader is the size of the longest header: two bytes, a 64-bit length and a mask key.
	MaxHeader = 2 + 8 + 4

	// MaxControlPayload is the longest payload a control frame may have.
	MaxControlPayload = 125
)

// Header is a frame header.
type Header struct {
	First  byte // FIN, RSV bits and opcode
	Masked bool
	Key    [4]byte // meaningful when Masked
	Length int64
}

// Size returns the number of bytes the header takes, with the shortest length form.
func (h Header) Size() int {
	n := 2
	switch {
	case h.Length > 0xffff:
		n += 8
	case h.Length > 125:
		n += 2
	}
	if h.Masked {
		n += 4
	}
	return n
}

// Append appends the coded header to b.
func (h Header) Append(b []byte) []byte {
	var mask byte
	if h.Masked {
		mask = MaskBit
	}
	b = append(b, h.First)
	switch {
	case h.Length > 0xffff:
		b = append(b, mask|127)
		b = binary.BigEndian.AppendUint64(b, uint64(h.Length))
	case h.Length > 125:
		b = append(b, mask|126)
		b = binary.BigEndian.AppendUint16(b, uint16(h.Length))
	default:
		b = append(b, mask|byte(h.Length))
	}
	if h.Masked {
		b = append(b, h.Key[:]...)
	}
	return b
}

// Parse returns the header that b starts with, and its size, which is 0 when b
// does not hold all of it. A length with the top bit set is negative.
func Parse(b []byte) (h Header, size int) {
	if len(b) < 2 {
		return h, 0
	}
	h = Header{First: b[0], Masked: b[1]&MaskBit != 0, Length: int64(b[1] & LengthMask)}
	size = 2
	switch {
	case h.Length == 126 && len(b) >= 4:
		h.Length, size = int64(binary.BigEndian.Uint16(b[2:])), 4
	case h.Length == 127 && len(b) >= 10:
		h.Length, size = int64(binary.BigEndian.Uint64(b[2:])), 10
	case h.Length > 125:
		return h, 0
	}
	if h.Masked {
		if len(b) < size+len(h.Key) {
			return h, 0
		}
		size += copy(h.Key[:], b[size:])
	}
	return h, size
}

// Rotate returns the key that masks a payload from offset pos on.
func Rotate(key [4]byte, pos int64) [4]byte {
	var k [4]byte
	for i := range k {
		k[i] = key[(pos+int64(i))&3]
	}
	return k
}

// Differ returns the key that turns what is masked with a into what is masked
// with b.
func Differ(a, b [4]byte) [4]byte {
	for i := range a {
		a[i] ^= b[i]
	}
	return a
}

// Mask masks or unmasks b in place with key.
func Mask(b []byte, key [4]byte) {
	if key != [4]byte{} {
		MaskTo(b, b, key)
	}
}

// MaskTo is Mask with the result in dst, which is b itself or as long and apart
// from it.
func MaskTo(dst, b []byte, key [4]byte) {
	k := binary.LittleEndian.Uint32(key[:])
	if k == 0 {
		copy(dst, b)
		return
	}
	kk := uint64(k)<<32 | uint64(k)
	for len(b) >= 32 && len(dst) >= 32 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(b)^kk)
		binary.LittleEndian.PutUint64(dst[8:], binary.LittleEndian.Uint64(b[8:])^kk)
		binary.LittleEndian.PutUint64(dst[16:], binary.LittleEndian.Uint64(b[16:])^kk)
		binary.LittleEndian.PutUint64(dst[24:], binary.LittleEndian.Uint64(b[24:])^kk)
		b, dst = b[32:], dst[32:]
	}
	for len(b) >= 8 && len(dst) >= 8 {
		binary.LittleEndian.PutUint64(dst, binary.LittleEndian.Uint64(b)^kk)
		b, dst = b[8:], dst[8:]
	}
	for i := range b {
		dst[i] = b[i] ^ key[i&3]
	}
}
