package websocket

import (
	"bufio"
	"compress/flate"
	"errors"
	"io"
	"sync"
)

const (
	minCompressionLevel     = flate.HuffmanOnly
	maxCompressionLevel     = flate.BestCompression
	defaultCompressionLevel = flate.BestSpeed

	// syncMarker ends a flushed deflate stream. permessage-deflate leaves it
	// out (RFC 7692, section 7.2.1).
	syncMarker = "\x00\x00\xff\xff"

	// inflateTail completes a received message: the marker, and an empty final
	// block, without which the end of the stream would be an unexpected one.
	inflateTail = syncMarker + "\x01" + syncMarker
)

// inflateState is a decompressor and the buffer it reads through, for reuse.
type inflateState struct {
	flate io.ReadCloser
	buf   *bufio.Reader
	src   inflateSource
}

var inflateStates = sync.Pool{New: func() interface{} {
	s := new(inflateState)
	s.buf = bufio.NewReader(&s.src)
	s.flate = flate.NewReader(s.buf)
	return s
}}

// inflateSource is the compressed payload of a message and the tail behind it.
type inflateSource struct {
	r    *messageReader // nil at the end of the payload
	tail string
}

// Read implements io.Reader. The caller holds readMu.
func (s *inflateSource) Read(p []byte) (int, error) {
	if s.r != nil {
		n, err := s.r.read(p)
		if err != io.EOF {
			return n, err
		}
		s.r = nil
		if n > 0 {
			return n, nil
		}
	}
	if s.tail == "" {
		return 0, io.EOF
	}
	n := copy(p, s.tail)
	s.tail = s.tail[n:]
	return n, nil
}

// inflater reads a compressed message. An error in the compressed data is not
// one of the connection: the next message can be read.
type inflater struct {
	c    *Conn
	s    *inflateState // nil when closed
	busy bool          // s is in use, by a read that a handler has interrupted
	n    int64         // decompressed bytes so far
}

func newInflater(r *messageReader) *inflater {
	s := inflateStates.Get().(*inflateState)
	s.src = inflateSource{r: r, tail: inflateTail}
	s.buf.Reset(&s.src)
	// Reset of a flate reader returns no error.
	_ = s.flate.(flate.Resetter).Reset(s.buf, nil)
	return &inflater{c: r.c, s: s}
}

// Read implements io.Reader.
func (z *inflater) Read(p []byte) (int, error) {
	z.c.readMu.Lock()
	defer z.c.readMu.Unlock()
	return z.read(p)
}

// read is Read for a caller that holds readMu.
func (z *inflater) read(p []byte) (int, error) {
	if z.s == nil {
		return 0, io.ErrClosedPipe
	}
	if z.busy {
		return 0, errors.New("websocket: concurrent read of a compressed message")
	}

	// Ask for one byte more than the limit allows, to tell a message that is at
	// the limit from one that is beyond.
	limit := z.c.readLimit.Load()
	if room := limit - z.n; limit > 0 && int64(len(p))-1 > room {
		if room < 0 {
			room = 0
		}
		p = p[:room+1]
	}
	s := z.s
	z.busy = true
	n, err := s.flate.Read(p)
	z.busy = false
	if z.s == nil {
		// Closed meanwhile, so s was not reused.
		return 0, errInterrupted
	}
	z.n += int64(n)
	if limit > 0 && z.n > limit {
		n -= int(z.n - limit)
		if n < 0 {
			n = 0
		}
		z.close()
		if z.c.readErr == nil {
			z.c.readErr = z.c.tooBig()
		}
		return n, ErrReadLimit
	}
	if err == io.EOF {
		z.close()
	}
	return n, err
}

// maxPiece is the size of the largest piece in which a message of unknown size
// is gathered.
const maxPiece = 256 << 10

// readAll reads the rest of the message. The caller holds readMu.
func (z *inflater) readAll() ([]byte, error) {
	// Most messages fit a buffer that is reused. A longer one is gathered in
	// pieces: a buffer that grows would take several times its size.
	s := scratches.Get().(*[]byte)
	defer scratches.Put(s)
	var full [][]byte
	size, p := 0, *s
	for {
		if len(p) == cap(p) {
			full, size = append(full, p), size+len(p)
			piece := size
			if piece > maxPiece {
				piece = maxPiece
			}
			p = make([]byte, 0, piece)
		}
		n, err := z.read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		if err == nil {
			continue
		}
		if err == io.EOF {
			err = nil
		}
		if full == nil {
			return append([]byte{}, p...), err
		}
		whole := make([]byte, 0, size+len(p))
		for _, q := range full {
			whole = append(whole, q...)
		}
		return append(whole, p...), err
	}
}

// close gives the decompressor back. The caller holds readMu.
func (z *inflater) close() {
	s := z.s
	z.s = nil
	if s == nil || z.busy {
		return
	}
	s.src = inflateSource{}
	inflateStates.Put(s)
}

// deflatePools has a pool of *flate.Writer for each level.
var deflatePools [maxCompressionLevel - minCompressionLevel + 1]sync.Pool

// deflater compresses a message into its writer. The caller holds what guards
// the writer.
type deflater struct {
	w     *messageWriter
	flate *flate.Writer // nil when closed
	level int

	// The last bytes of the output, which are the marker in the end.
	last  [len(syncMarker)]byte
	nlast int
}

func newDeflater(w *messageWriter, level int) *deflater {
	z := &deflater{w: w, level: level}
	z.flate, _ = deflatePools[level-minCompressionLevel].Get().(*flate.Writer)
	if z.flate == nil {
		z.flate, _ = flate.NewWriter(deflateSink{z}, level) // the level is valid
	} else {
		z.flate.Reset(deflateSink{z})
	}
	return z
}

func (z *deflater) write(p []byte) (int, error) {
	if z.flate == nil {
		return 0, errWriteClosed
	}
	return z.flate.Write(p)
}

func (z *deflater) close() error {
	if z.flate == nil {
		return errWriteClosed
	}
	err := z.flate.Flush()
	z.flate.Reset(io.Discard) // the pool shall not keep the connection
	deflatePools[z.level-minCompressionLevel].Put(z.flate)
	z.flate = nil
	if string(z.last[:]) != syncMarker {
		return errors.New("websocket: internal error, unexpected bytes at end of flate stream")
	}
	if err1 := z.w.close(); err == nil {
		err = err1
	}
	return err
}

// deflateSink passes compressed bytes on to the message, except for the last
// four so far.
type deflateSink struct{ z *deflater }

// Write implements io.Writer.
func (s deflateSink) Write(p []byte) (int, error) {
	z := s.z
	size := len(p)
	if k := copy(z.last[z.nlast:], p); k > 0 {
		z.nlast += k
		if p = p[k:]; len(p) == 0 {
			return size, nil
		}
	}
	out := len(z.last) // bytes of last that are now behind by more than four
	if len(p) < out {
		out = len(p)
	}
	if _, err := z.w.write(z.last[:out]); err != nil {
		return 0, err
	}
	copy(z.last[:], z.last[out:])
	keep := len(p) - out
	copy(z.last[len(z.last)-out:], p[keep:])
	if _, err := z.w.write(p[:keep]); err != nil {
		return 0, err
	}
	return size, nil
}
