//go:build linux

package main

import "sync"

// A buffer has memory of the pool while there is something in it.
type buffer struct {
	memory *[]byte
	data   []byte // in memory
}

var pool = sync.Pool{New: func() any {
	b := make([]byte, 0, 4<<10)
	return &b
}}

func (b *buffer) bytes() []byte { return b.data }

// add appends data.
func (b *buffer) add(data []byte) {
	if len(data) == 0 {
		return
	}
	if b.memory == nil {
		b.memory = pool.Get().(*[]byte)
		b.data = (*b.memory)[:0]
	}
	b.data = append(b.data, data...)
}

// drop takes the first n bytes away.
func (b *buffer) drop(n int) {
	if b.data = b.data[n:]; len(b.data) == 0 {
		b.free()
	}
}

// keep replaces the content by rest, which may be a part of it.
func (b *buffer) keep(rest []byte) {
	if len(rest) == 0 {
		b.free()
		return
	}
	if b.memory == nil {
		b.add(rest)
		return
	}
	b.data = b.data[:copy(b.data, rest)]
}

// free empties the buffer and gives its memory back.
func (b *buffer) free() {
	if b.memory != nil {
		pool.Put(b.memory)
	}
	b.memory, b.data = nil, nil
}
