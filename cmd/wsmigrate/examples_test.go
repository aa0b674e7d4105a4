package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// exampleMains are the programs of gorilla's examples: folders, and files
// that are run by name.
var exampleMains = []string{"./autobahn", "./chat", "./command", "./filewatch", "echo/client.go", "echo/server.go"}

// TestExamples takes gorilla's own examples from the module cache through the
// shim and the rewrite. All of them build at every step, chat and echo become
// native, and each side of the rewritten echo talks to the other on gorilla.
func TestExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("builds gorilla's examples three times")
	}
	bin := buildTool(t)
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", wsapi.GorillaModule).Output()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkshop(t, bin, os.DirFS(filepath.Join(strings.TrimSpace(string(dir)), "examples")))
	sums, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	var sum strings.Builder
	for line := range strings.Lines(string(sums)) {
		if strings.HasPrefix(line, wsapi.GorillaModule+" v1.5.3") {
			sum.WriteString(line)
		}
	}
	for name, data := range map[string]string{
		"go.mod": "module example.com/examples\n\ngo 1.20\n\nrequire " + wsapi.GorillaModule + " v1.5.3\n",
		"go.sum": sum.String(),
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(data), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// The module cache is read-only.
	filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil {
			os.Chmod(path, 0o755)
		}
		return err
	})
	w.run("git", "add", "-A")
	w.run("git", "commit", "-q", "-m", "a module")

	build := func(as string) {
		t.Helper()
		for _, m := range exampleMains {
			w.run("go", "build", "-o", filepath.Join(t.TempDir(), "x"), m)
		}
		for _, side := range []string{"client", "server"} {
			w.run("go", "build", "-o", w.echo(as, side), "echo/"+side+".go")
		}
	}
	build("gorilla")
	for f, o := range w.outcomes() {
		if (strings.HasPrefix(f, "chat/") || strings.HasPrefix(f, "echo/")) && o != "native" {
			t.Errorf("%s is %s, want native", f, o)
		}
	}
	w.tool([]int{0}, "shim", "-w", "-compat-dir", w.compat, "./...")
	build("shim")
	w.tool([]int{0, 3}, "fix", "-w", "-compat-dir", w.compat, "./...")
	build("native")
	for _, pair := range [][2]string{{"gorilla", "native"}, {"native", "gorilla"}, {"shim", "native"}, {"native", "native"}} {
		t.Run("client "+pair[0]+", server "+pair[1], func(t *testing.T) {
			if runtime.GOOS == "windows" {
				t.Skip("the client stops at an interrupt")
			}
			talk(t, w.echo(pair[0], "client"), w.echo(pair[1], "server"))
		})
	}
}

// echo returns the path of a built echo program.
func (w *workshop) echo(as, side string) string {
	return filepath.Join(filepath.Dir(w.dir), "echo-"+as+"-"+side)
}

// talk runs an echo server and a client against it until the client has
// received a message, and then stops the client, which must end by itself.
func talk(t *testing.T, client, server string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	srv := exec.Command(server, "-addr", addr)
	if err := srv.Start(); err != nil {
		t.Fatal(err)
	}
	defer srv.Wait()
	defer srv.Process.Kill()
	for { // until it listens
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			break
		}
	}
	cl := exec.Command(client, "-addr", addr)
	r, w := io.Pipe()
	cl.Stdout, cl.Stderr = w, w
	if err := cl.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		err := cl.Wait()
		w.Close()
		done <- err
	}()
	var lines []string
	received := false
	for sc := bufio.NewScanner(r); sc.Scan(); {
		lines = append(lines, sc.Text())
		if !received && strings.Contains(sc.Text(), "recv: ") {
			received = true
			cl.Process.Signal(os.Interrupt)
		}
	}
	if err := <-done; err != nil || !received {
		t.Errorf("client: %v\n%s", err, strings.Join(lines, "\n"))
	}
}
