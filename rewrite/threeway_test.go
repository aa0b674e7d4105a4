package rewrite

import (
	"bytes"
	"context"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// A program is an archive of testdata/programs. Its sections are
//
//	p.go     package p: a function Server() http.Handler, or Client(url string);
//	         both print what they see
//	*/*.go   further packages below it, whose import paths begin with
//	         example.com/programs/PROGRAM/
//	peer     what the other side does, see peer
//	differs  how a converted program may differ: a line "TARGETS NOTE", in
//	         which TARGETS are shim, nhooyr and coder with commas between and
//	         NOTE is part of a note that the plan must have, and the lines
//	         of the difference below it, as diffLines gives them; repeated
//	shim     "TARGETS: why" says for which targets it cannot be converted
type program struct {
	name, src, peer string
	packages        map[string]string // sources of other packages by their paths
	client          bool
	shim            []string // targets
	differs         []difference
}

type difference struct {
	targets []string
	note    string
	lines   []string
}

func readProgram(t *testing.T, path string) *program {
	t.Helper()
	arch, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &program{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), packages: map[string]string{}}
	for _, f := range arch.Files {
		if strings.HasSuffix(f.Name, ".go") {
			if clean, err := format.Source(f.Data); err != nil || !bytes.Equal(clean, f.Data) {
				t.Fatalf("%s: %s is not as gofmt writes it: %v", path, f.Name, err)
			}
		}
		switch f.Name {
		case "p.go":
			p.src = string(f.Data)
		case "peer":
			p.peer = string(f.Data)
		case "shim":
			targets, _, _ := strings.Cut(string(f.Data), ":")
			p.shim = strings.Split(targets, ",")
		case "differs":
			for line := range strings.Lines(string(f.Data)) {
				line = strings.TrimRight(line, "\n")
				if line[0] == '+' || line[0] == '-' {
					d := &p.differs[len(p.differs)-1]
					d.lines = append(d.lines, line)
					continue
				}
				targets, note, _ := strings.Cut(line, " ")
				p.differs = append(p.differs, difference{targets: strings.Split(targets, ","), note: note})
			}
		default:
			if !strings.HasSuffix(f.Name, ".go") {
				t.Fatalf("%s: unknown section %s", path, f.Name)
			}
			p.packages[f.Name] = string(f.Data)
		}
	}
	p.client = strings.Contains(p.src, "func Client(")
	return p
}

// dispatcher is the main package around the programs of a module: one binary
// for all is linked once.
func dispatcher(programs []*program) string {
	var imports, cases strings.Builder
	for i, p := range programs {
		fmt.Fprintf(&imports, "\tp%d \"example.com/programs/p%d\"\n", i, i)
		if p.client {
			fmt.Fprintf(&cases, "\tcase %q:\n\t\tp%d.Client(os.Args[2])\n", p.name, i)
		} else {
			fmt.Fprintf(&cases, "\tcase %q:\n\t\tserve(p%d.Server())\n", p.name, i)
		}
	}
	return `package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

` + imports.String() + `)

// serve says where the handler listens, and ends when stdin does and every
// handler has returned.
func serve(h http.Handler) {
	var handlers sync.WaitGroup
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		h.ServeHTTP(w, r)
	}))
	fmt.Println(s.Listener.Addr())
	io.Copy(io.Discard, os.Stdin)
	s.Close()
	handlers.Wait()
}

func main() {
	switch os.Args[1] {
` + cases.String() + `	}
}
`
}

// TestThreeWay runs programs on gorilla, on the shim and as Fix leaves them for
// both targets. What the peer sees on the wire and what the program prints must
// be the same, or a listed difference that the plan has a note about.
func TestThreeWay(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	paths, err := filepath.Glob(filepath.Join("testdata", "programs", "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	var programs []*program
	for _, path := range paths {
		programs = append(programs, readProgram(t, path))
	}
	compat, err := filepath.Abs("../compat")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for _, target := range []string{"gorilla", "shim", "nhooyr", "coder"} {
		bin, plan, notes := buildPrograms(t, target, compat, programs)
		t.Run(target, func(t *testing.T) {
			for i, p := range programs {
				t.Run(p.name, func(t *testing.T) {
					if target != "gorilla" {
						checkOutcome(t, p, target, plan[i])
					}
					got := p.play(t, bin)
					if target == "gorilla" {
						want[p.name] = got
						return
					}
					p.compare(t, target, notes[i], want[p.name], got)
				})
			}
		})
	}
	t.Logf("%d programs, each on gorilla, the shim, nhooyr and coder", len(programs))
}

// buildPrograms lays the programs out as one module, converts it and builds it.
// It returns the binary and, for each program, its clusters' outcomes and the
// rules of its notes.
func buildPrograms(t *testing.T, target, compat string, programs []*program) (bin string, outcomes, notes [][]string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), target)
	files := map[string]string{
		"go.mod":  "module example.com/programs\n\ngo 1.23\n\nrequire github.com/gorilla/websocket v1.5.3\n",
		"go.sum":  string(goSum(t)),
		"main.go": dispatcher(programs),
	}
	for i, p := range programs {
		below := strings.NewReplacer("example.com/programs/PROGRAM/", fmt.Sprintf("example.com/programs/p%d/", i))
		files[fmt.Sprintf("p%d/p.go", i)] = below.Replace(p.src)
		for name, src := range p.packages {
			files[fmt.Sprintf("p%d/%s", i, name)] = below.Replace(src)
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "GOWORK=off", "GOPROXY=off", "GOFLAGS=-mod=mod")
	outcomes, notes = make([][]string, len(programs)), make([][]string, len(programs))
	if target != "gorilla" {
		opts := Options{Target: wsapi.TargetNhooyr, CompatDir: compat}
		switch target {
		case "shim":
			opts.Mode = SwapImports
		case "coder":
			opts.Target = wsapi.TargetCoder
		}
		plan := planTree(t, Config{Dir: dir, Env: env}, opts)
		for _, c := range plan.Clusters {
			var i int
			rel, err := filepath.Rel(dir, c.Files[0])
			if err == nil {
				_, err = fmt.Sscanf(filepath.ToSlash(rel), "p%d/", &i)
			}
			if err != nil {
				t.Fatal(err)
			}
			reason := string(c.Outcome)
			for _, b := range c.Blocking {
				reason += fmt.Sprintf("; %s:%d: %s: %s", rel, b.Pos.Line, b.Rule, b.Text)
			}
			outcomes[i] = append(outcomes[i], reason)
			for _, n := range c.Notes {
				notes[i] = append(notes[i], n.Rule+": "+n.Text)
			}
		}
		for i := range notes {
			notes[i] = append(notes[i], plan.Messages...)
		}
		for _, c := range plan.Changes {
			if err := os.WriteFile(c.Path, c.New, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	bin = filepath.Join(dir, "programs.exe")
	build := exec.Command("go", "build", "-o", bin, ".")
	build.Dir, build.Env = dir, env
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build for %s: %v\n%s", target, err, out)
	}
	return bin, outcomes, notes
}

func checkOutcome(t *testing.T, p *program, target string, outcomes []string) {
	t.Helper()
	shim := false
	for _, o := range outcomes {
		shim = shim || strings.HasPrefix(o, string(Shim))
		if strings.HasPrefix(o, string(Pinned)) {
			t.Error(o)
		}
	}
	if want := slices.Contains(p.shim, target); target != "shim" && shim != want {
		t.Errorf("on the shim: %v, want %v: %q", shim, want, outcomes)
	}
}

// play runs the program with its peer and returns what the peer saw, and then
// the program's output.
func (p *program) play(t *testing.T, bin string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pr := newPeer(t, p.client)
	args := []string{p.name}
	if p.client {
		args = append(args, "ws://"+pr.addr())
	}
	cmd := exec.CommandContext(ctx, bin, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan string)
	if p.client {
		cmd.Stdout = &stdout
	} else {
		cmd.Stdout = &firstLine{rest: &stdout, line: said}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if !p.client {
		select {
		case pr.address = <-said:
		case err := <-ended:
			t.Fatalf("%v\n%s", err, stderr.String())
		}
	}
	pr.follow(p.peer)
	pr.end()
	stdin.Close()
	if err := <-ended; err != nil {
		t.Fatalf("%v\n%s\nseen so far:\n%s", err, stderr.String(), strings.Join(pr.seen, "\n"))
	}
	printed := strings.Split(strings.TrimRight(stdout.String(), "\n"), "\n")
	if len(pr.conns) > 1 {
		slices.Sort(printed) // the connections' goroutines print when they like
	}
	for _, line := range printed {
		pr.seen = append(pr.seen, "prints "+line)
	}
	return pr.seen
}

// A firstLine sends the first line that is written to it, and writes the rest.
type firstLine struct {
	buf  []byte
	done bool
	line chan<- string
	rest *bytes.Buffer
}

func (w *firstLine) Write(b []byte) (int, error) {
	if w.done {
		return w.rest.Write(b)
	}
	w.buf = append(w.buf, b...)
	if line, rest, ok := bytes.Cut(w.buf, []byte("\n")); ok {
		w.done = true
		w.line <- string(line)
		w.rest.Write(rest)
	}
	return len(b), nil
}

// compare holds two transcripts against each other.
func (p *program) compare(t *testing.T, target string, notes, want, got []string) {
	t.Helper()
	var lines []string
	for _, d := range p.differs {
		if !slices.Contains(d.targets, target) {
			continue
		}
		lines = append(lines, d.lines...)
		if target != "shim" && !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, d.note) }) {
			t.Errorf("there is a difference, but no note %q among %q", d.note, notes)
		}
	}
	if diff := diffLines(want, got); !slices.Equal(diff, lines) {
		t.Errorf("gorilla (-) and %s (+) differ:\n%s\nlisted:\n%s\nwhole:\n%s\nnotes:\n%s", target,
			strings.Join(diff, "\n"), strings.Join(lines, "\n"), strings.Join(got, "\n"), strings.Join(notes, "\n"))
	}
}

// diffLines returns the lines of a that b lacks after "-", and those of b that
// a lacks after "+", in order.
func diffLines(a, b []string) []string {
	// common[i][j] is the length of the longest common subsequence of a[i:]
	// and b[j:].
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []string
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, "-"+a[i])
			i++
		default:
			out = append(out, "+"+b[j])
			j++
		}
	}
	return out
}
