package load

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/stats"
)

// inProcess is the library whose tests this process runs. Compat's engine is
// chosen for a process.
const inProcess = "WSBENCH_TEST_LIBRARY"

// TestDrivers has every library do everything that it can, small. Each has a
// process of its own.
func TestDrivers(t *testing.T) {
	if name := os.Getenv(inProcess); name != "" {
		testDriver(t, name)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range driver.All() {
		t.Run(l.Name, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run=^TestDrivers$")
			cmd.Env = append(append(os.Environ(), inProcess+"="+l.Name), l.Env...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func testDriver(t *testing.T, name string) {
	lib, err := driver.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	options := []driver.Options{{}, {Compress: true}, {API: driver.Stream}, {API: driver.JSON}}
	for _, kind := range []Kind{Echo, OneWay, Broadcast} {
		for _, o := range options {
			if lib.Check(o) != nil {
				continue
			}
			for _, size := range []int{16, 200, 70000} {
				testPair(t, PairArgs{Library: name, Options: o, Kind: kind, Conns: 3, Size: size})
			}
		}
	}
	testMany(t, name)
	if r, err := churn(ChurnArgs{Library: name, Cycles: 2, Conns: 20, Size: 64}); err != nil || len(r.After) != 2 {
		t.Errorf("churn: %d cycles, %v", len(r.After), err)
	}
}

func testPair(t *testing.T, a PairArgs) {
	t.Helper()
	p, err := openPair(a)
	if err != nil {
		t.Fatalf("%+v: %v", a, err)
	}
	defer p.close()
	for range 2 {
		r, err := p.round(RoundArgs{0.002})
		if err != nil {
			t.Fatalf("%+v: %v", a, err)
		}
		if r.Messages < int64(a.Conns) || r.Wall <= 0 {
			t.Errorf("%+v: %d messages in %v s", a, r.Messages, r.Wall)
		}
	}
}

// testMany runs clients against a server of the library.
func testMany(t *testing.T, name string) {
	t.Helper()
	s, err := serve(ServeArgs{Library: name, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	cs, err := dialClients(DialArgs{Addr: s.addr, Conns: 10, Size: 64})
	if err != nil || cs.connected() != 10 {
		t.Fatalf("%d of 10 connected: %v", cs.connected(), err)
	}
	defer cs.close()
	if err := cs.touch(); err != nil {
		t.Fatal(err)
	}
	r, err := cs.openLoop(OpenLoopArgs{Rate: 1000, Seconds: 0.05})
	if err != nil || r.Sent != 50 || r.Received != 50 || r.Failed != 0 {
		t.Fatalf("%+v, %v, want 50 messages and replies", r, err)
	}
	latency, err := stats.Decode(r.Latency)
	if err != nil || latency.Count() != 50 {
		t.Errorf("%v: not the latencies", err)
	}
}

func TestPayload(t *testing.T) {
	for _, size := range []int{0, 1, smallestPayload, 64, 1024, 65536} {
		p := Payload(size)
		if len(p) != size {
			t.Errorf("Payload(%d) has %d bytes", size, len(p))
		}
		if size >= smallestPayload && !json.Valid(p) {
			t.Errorf("Payload(%d) is no JSON: %.80s", size, p)
		}
	}
}

// TestPairFails has a library that loses a connection: that is no figure.
func TestPairFails(t *testing.T) {
	p, err := openPair(PairArgs{Library: "gorilla", Kind: Echo, Conns: 3, Size: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	_ = p.servers[1].Close()
	if r, err := p.round(RoundArgs{0.01}); err == nil {
		t.Errorf("%d messages, although a connection was lost", r.Messages)
	}
}

func TestBadRequests(t *testing.T) {
	if _, err := openPair(PairArgs{Library: "no such library"}); err == nil || !strings.Contains(err.Error(), "gorilla") {
		t.Errorf("%v, want the libraries that there are", err)
	}
	if _, err := openPair(PairArgs{Library: "raw", Options: driver.Options{Compress: true}}); err == nil {
		t.Error("raw TCP compresses")
	}
	p, err := openPair(PairArgs{Library: "raw", Kind: "nonsense", Conns: 1, Size: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if _, err := p.round(RoundArgs{0.001}); err == nil {
		t.Error("an unknown kind of pair ran")
	}
}
