package conformance

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// A bomb is a compressed message of zeros, which is almost all zeros itself: two
// bits stand for 258 of them.
type bomb struct {
	size  int64 // what it inflates to
	head  []byte
	zeros int64 // between head and tail
	tail  []byte
}

// newBomb makes a bomb by hand, so that nobody needs memory or time for it: a
// dynamic Huffman block (RFC 1951, section 3.2.7) whose codes are 0 for a match
// of 258 bytes, 10 for a zero byte, 11 for the end, and 0 for distance 1.
func newBomb(size int64) *bomb {
	matches, literals := (size-1)/258, (size-1)%258
	var w bitWriter
	w.add(0, 1)  // not the final block
	w.add(2, 2)  // dynamic
	w.add(29, 5) // 286 codes of literals and lengths
	w.add(0, 5)  // one code of distances
	w.add(14, 4) // 18 codes of code lengths, in this order:
	for _, symbol := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1} {
		w.add(map[int]int{18: 1, 1: 2, 2: 2}[symbol], 3)
	}
	none := func(n int) { w.code("0"); w.add(n-11, 7) } // symbol 18: n unused codes
	w.code("11")                                        // 0 has a code of 2 bits
	none(138)
	none(117)
	w.code("11") // so has 256
	none(28)
	w.code("10") // 285 has one of 1 bit
	w.code("10") // and so has the distance
	w.code("10") // a zero byte

	b := &bomb{size: size, head: w.bytes}
	bits := int64(w.n) + 2*matches
	b.zeros = bits/8 - int64(len(w.bytes))
	w = bitWriter{}
	w.add(0, int(bits%8)) // of the last matches
	for ; literals > 0; literals-- {
		w.code("10")
	}
	w.code("11")
	w.add(0, 3) // an empty stored block, of which the end is left out
	b.tail = w.bytes
	return b
}

// bitWriter packs bits as deflate does.
type bitWriter struct {
	bytes []byte
	n     int
}

// add adds a number of some bits, the lowest first.
func (w *bitWriter) add(v, bits int) {
	for i := 0; i < bits; i++ {
		if w.n%8 == 0 {
			w.bytes = append(w.bytes, 0)
		}
		w.bytes[w.n/8] |= byte(v>>i&1) << (w.n % 8)
		w.n++
	}
}

// code adds a Huffman code.
func (w *bitWriter) code(s string) {
	for _, c := range s {
		w.add(int(c-'0'), 1)
	}
}

func (b *bomb) length() int64 { return int64(len(b.head)) + b.zeros + int64(len(b.tail)) }

func (b *bomb) reader() io.Reader {
	return io.MultiReader(bytes.NewReader(b.head), io.LimitReader(zeroReader{}, b.zeros), bytes.NewReader(b.tail))
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// send writes the bomb as one frame.
func (b *bomb) send(w io.Writer, byClient bool) error {
	h := append([]byte{0xc2, 127}, make([]byte, 8)...)
	binary.BigEndian.PutUint64(h[2:], uint64(b.length()))
	key := [4]byte{}
	if byClient {
		key = [4]byte{0x1f, 0xa5, 0x00, 0x7c}
		h[1] |= 0x80
		h = append(h, key[:]...)
	}
	if _, err := w.Write(h); err != nil {
		return err
	}
	r, p, pos := b.reader(), make([]byte, 32<<10), 0
	for {
		n, err := r.Read(p)
		for i := range p[:n] {
			p[i] ^= key[pos&3]
			pos++
		}
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
	}
}

const (
	bombSize  = 512 << 20
	bombLimit = 1 << 20
)

// TestFaultBomb sends half a megabyte that inflates to 512 MiB to a process with
// a read limit of 1 MiB, and looks at how much memory that took.
func TestFaultBomb(t *testing.T) {
	b := newBomb(bombSize)
	if !raceEnabled { // which makes this take long
		checkBomb(t, b)
	}
	checkBomb(t, newBomb(1<<20+7))
	for _, as := range []role{server, client} {
		t.Run(string(as), func(t *testing.T) {
			v := bombed(t, shim, as, b)
			t.Logf("%d bytes for %d: %s", b.length(), b.size, v)
			if v.err != "ErrReadLimit" || v.read != bombLimit {
				t.Errorf("%d bytes were read, and then %s", v.read, v.err)
			}
			if v.closed != `88 2 "\x03\xf1"` && v.closed != `88 masked 2 "\x03\xf1"` {
				t.Errorf("the peer got %q, want a close frame of code 1009", v.closed)
			}
			if v.grown > 4<<20 && !raceEnabled {
				t.Errorf("the process has grown by %d bytes", v.grown)
			}
		})
	}
	// A smaller one shows that growing is seen.
	t.Run("gorilla", func(t *testing.T) {
		b := newBomb(32 << 20)
		v := bombed(t, gorilla, server, b)
		t.Logf("%d bytes for %d: %s", b.length(), b.size, v)
		if v.err != "ok" || v.read != b.size || v.grown < b.size {
			t.Error("want all of it to be read")
		}
	})
}

// checkBomb inflates a bomb.
func checkBomb(t *testing.T, b *bomb) {
	t.Helper()
	const rest = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"
	n, err := io.Copy(io.Discard, flate.NewReader(io.MultiReader(b.reader(), strings.NewReader(rest))))
	if n != b.size || err != nil {
		t.Fatalf("the bomb of %d bytes inflates to %d, %v", b.size, n, err)
	}
}

// A victim is what became of a process that got a bomb.
type victim struct {
	read, grown int64
	err         string
	closed      string // the frames that the peer got
}

func (v victim) String() string {
	return fmt.Sprintf("%d bytes read, %s, %s, %d KiB of memory more", v.read, v.err, v.closed, v.grown>>10)
}

// bombed sends b to a process of the library in the role.
func bombed(t *testing.T, l *library, as role, b *bomb) victim {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFaultBombVictim$", "-test.v")
	cmd.Env = append(os.Environ(), fmt.Sprintf("WSMIGRATE_BOMB=%s %s %s", l.name, as, ln.Addr()))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := cmd.Wait(); err != nil {
			t.Errorf("victim: %v", err)
		}
	}()
	said := bufio.NewScanner(out)
	// next returns what the victim says behind the word.
	next := func(word string) string {
		for said.Scan() {
			if s, ok := strings.CutPrefix(said.Text(), word+" "); ok {
				return s
			}
		}
		return ""
	}

	conn, in := enter(t, as, ln, func() string { return next("listening") })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write(deflated("warm up").encode(as == server)); err != nil {
		t.Error(err)
	}
	next("warm")
	sent := make(chan error, 1)
	go func() { sent <- b.send(conn, as == server) }()
	got, err := io.ReadAll(in)
	if err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Errorf("send: %v", err)
	}
	conn.Close()
	v := victim{closed: strings.Join(dumpFrames(got), "; ")}
	if _, err := fmt.Sscanf(next("result"), "%d %d %q", &v.read, &v.grown, &v.err); err != nil {
		t.Errorf("result: %v", err)
	}
	for said.Scan() {
	}
	return v
}

// enter does the handshake of the victim's peer.
func enter(t *testing.T, as role, ln net.Listener, addr func() string) (net.Conn, *bufio.Reader) {
	t.Helper()
	compressed := badInput{o: options{compress: true}}
	if as == client {
		conn, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		req, err := http.ReadRequest(in)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, strings.Replace(compressed.head("", goodAnswer), "ACCEPT", acceptKey(req.Header.Get("Sec-WebSocket-Key")), 1))
		return conn, in
	}
	conn, err := net.Dial("tcp", addr())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, strings.Replace(compressed.head("", goodRequest), "PATH", "/", 1))
	in := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", resp, err)
	}
	return conn, in
}

// TestFaultBombVictim is the process that TestFaultBomb starts.
func TestFaultBombVictim(t *testing.T) {
	var name, as, addr string
	if _, err := fmt.Sscan(os.Getenv("WSMIGRATE_BOMB"), &name, &as, &addr); err != nil {
		t.Skip("not started by TestFaultBomb")
	}
	l := shim
	if name == gorilla.name {
		l = gorilla
	}
	o := options{compress: true}
	if role(as) == client {
		c, _, err := l.dial(context.Background(), o, "ws://"+addr+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		suffer(t, l, c)
		return
	}
	done := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		c, err := l.upgrade(w, r, o)
		if err != nil {
			t.Error(err)
			return
		}
		suffer(t, l, c)
	}))
	defer srv.Close()
	fmt.Println("listening", srv.Listener.Addr())
	<-done
}

// suffer reads the bomb, after a message that does no harm.
func suffer(t *testing.T, l *library, c wsConn) {
	defer c.Close()
	c.SetReadLimit(bombLimit)
	if _, p, err := c.ReadMessage(); string(p) != "warm up" || err != nil {
		t.Errorf("%q, %v", p, err)
	}
	debug.FreeOSMemory()
	// From here on the largest size counts, where the system lets us say so.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	before := peakMemory()
	fmt.Println("warm up")
	_, p, err := c.ReadMessage()
	grown := peakMemory() - before
	fmt.Printf("result %d %d %q\n", len(p), grown, newRun(l, t).describe(err))
	linger(c.NetConn())
}

// peakMemory returns how large the process was at most, as far as that can be
// known.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				return kib << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

// TestFaultLyingLength has frames announce 2^63-1 bytes, and more, and bring
// two. The memory that takes is what arrives, and a bounded advance.
func TestFaultLyingLength(t *testing.T) {
	for _, tt := range []struct {
		name   string
		length int64
		limit  int64
	}{
		{"length 2^63-1", math.MaxInt64, 0},
		{"length 2^63-1 and a limit", math.MaxInt64, 1 << 20},
		{"top bit", math.MinInt64, 0},
		{"limit above the length", 1 << 40, 1 << 41},
		{"length 1 MiB", 1 << 20, 0},
	} {
		for _, as := range []role{server, client} {
			for _, lib := range []*library{gorilla, shim} {
				// Goroutines of other connections allocate too, now and then.
				n := uint64(math.MaxUint64)
				for try := 0; try < 3; try++ {
					l := connect(t, lib, as, options{})
					n = min(n, allocatedByRead(t, l, tt.limit, frame{b0: 0x82, payload: "ab", length: tt.length}))
					l.close()
				}
				t.Logf("%s, %s, %s: %d bytes allocated", tt.name, as, lib.name, n)
				if n >= 64<<10 && lib == shim && !raceEnabled {
					t.Errorf("%s, %s: %d bytes allocated", tt.name, as, n)
				}
			}
		}
	}
}

// allocatedByRead returns how many bytes are allocated while the frame, with
// which the stream ends, is read under the limit.
func allocatedByRead(t *testing.T, l *line, limit int64, f frame) uint64 {
	t.Helper()
	l.c.SetReadLimit(limit)
	// What is made once for all frames is not this one's.
	if err := l.c.WriteControl(pingMessage, nil, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	l.send(f)
	if err := l.peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, p, err := l.c.ReadMessage(); err == nil {
		t.Errorf("read %q without an error", p)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
