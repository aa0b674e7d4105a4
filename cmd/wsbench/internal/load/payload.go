package load

import "bytes"

// smallestPayload is the size of the smallest JSON text that Payload makes.
const smallestPayload = 16

// Payload returns a JSON text of exactly size bytes, or as many zeros when
// that is too few for one. It compresses as messages of programs do.
func Payload(size int) []byte {
	if size < smallestPayload {
		return make([]byte, size)
	}
	words := []string{"price", "volume", "user", "moved", "status", "online", "room", "lobby", "message", "delivered"}
	var b bytes.Buffer
	b.WriteString(`{"text":"`)
	const end = `"}`
	for x := uint32(1); b.Len() < size-len(end); {
		x = x*1664525 + 1013904223
		b.WriteString(words[(x>>16)%uint32(len(words))])
		b.WriteByte(' ')
		b.WriteByte('0' + byte((x>>24)%10))
		b.WriteByte(' ')
	}
	b.Truncate(size - len(end))
	b.WriteString(end)
	return b.Bytes()
}
