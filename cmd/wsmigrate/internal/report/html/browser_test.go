package html

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// requireAll turns what would skip a test into its failure.
const requireAll = "WSMIGRATE_REQUIRE_ALL"

func missing(t *testing.T, what, install string) {
	t.Helper()
	if os.Getenv(requireAll) != "" {
		t.Fatalf("there is no %s: %s", what, install)
	}
	t.Skipf("there is no %s: %s", what, install)
}

// axeVersion is that of the npm package axe-core.
const axeVersion = "4.14.1"

// axe returns the source of axe-core, which npm puts into the user's cache.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "wsmigrate-axe", axeVersion)
	file := filepath.Join(dir, "node_modules", "axe-core", "axe.min.js")
	if _, err := os.Stat(file); err != nil {
		if _, err := exec.LookPath("npm"); err != nil {
			missing(t, "npm", "apt-get install npm")
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		args := []string{"install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", dir, "axe-core@" + axeVersion}
		if out, err := exec.CommandContext(t.Context(), "npm", args...).CombinedOutput(); err != nil {
			missing(t, "axe-core", fmt.Sprintf("npm %s: %v\n%s", strings.Join(args, " "), err, out))
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A browser is Chromium with one tab, over its DevTools protocol.
type browser struct {
	t       *testing.T
	conn    *websocket.Conn
	session string
	next    int

	// What the page says on its console, and the events that are awaited.
	console []string
	loaded  bool
}

var devtools = regexp.MustCompile(`DevTools listening on (ws://\S+)`)

// announcement hands on the first match of devtools in what is written.
type announcement struct {
	mu    sync.Mutex
	text  strings.Builder
	found chan string
}

func (a *announcement) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(p)
	if m := devtools.FindStringSubmatch(a.text.String()); m != nil {
		select {
		case a.found <- m[1]:
		default:
		}
	}
	return len(p), nil
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	name, err := exec.LookPath("chromium")
	if err != nil {
		missing(t, "chromium", "apt-get install chromium")
	}
	dir, err := os.MkdirTemp("", "wsmigrate-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--remote-debugging-port=0", "about:blank")
	cmd.Env = append(cmd.Environ(), "HOME="+dir)
	said := &announcement{found: make(chan string, 1)}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		missing(t, "working chromium", err.Error())
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	b := &browser{t: t}
	t.Cleanup(func() {
		if b.conn != nil {
			_ = b.conn.CloseNow()
		}
		_ = cmd.Process.Kill()
		<-ended
		_ = os.RemoveAll(dir) // helpers of the browser may still write there
	})
	select {
	case address := <-said.found:
		conn, _, err := websocket.Dial(t.Context(), address, nil)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetReadLimit(-1)
		b.conn = conn
	case <-ended:
		missing(t, "working chromium", said.text.String())
	}
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// A reply is an answer or an event of the DevTools.
type reply struct {
	ID     int
	Method string
	Params json.RawMessage
	Result json.RawMessage
	Error  *struct{ Message string }
}

// call calls a method and decodes its result, if out is not nil.
func (b *browser) call(method string, params map[string]any, out any) {
	b.t.Helper()
	b.next++
	id := b.next
	request := map[string]any{"id": id, "method": method, "params": params}
	if params == nil {
		request["params"] = map[string]any{}
	}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	if err := wsjson.Write(b.t.Context(), b.conn, request); err != nil {
		b.t.Fatal(err)
	}
	for {
		r := b.receive()
		if r.ID != id {
			continue
		}
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if out != nil {
			if err := json.Unmarshal(r.Result, out); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// receive takes in the next message, and notes events.
func (b *browser) receive() reply {
	b.t.Helper()
	var r reply
	if err := wsjson.Read(b.t.Context(), b.conn, &r); err != nil {
		if errors.Is(err, context.Canceled) {
			err = errors.New("the test ended")
		}
		b.t.Fatal(err)
	}
	switch r.Method {
	case "Page.loadEventFired":
		b.loaded = true
	case "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded":
		b.console = append(b.console, string(r.Params))
	}
	return r
}

// open opens a file and waits until it is loaded.
func (b *browser) open(path string) {
	b.t.Helper()
	b.loaded = false
	b.call("Page.navigate", map[string]any{"url": (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()}, nil)
	for !b.loaded {
		b.receive()
	}
}

// show sets the width of the window and the scheme.
func (b *browser) show(width int, scheme, media string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{
		"media": media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}},
	}, nil)
}

// eval evaluates an expression, or awaits the promise that it is.
func (b *browser) eval(expression string, out any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r)
	if e := r.ExceptionDetails; e != nil {
		b.t.Fatalf("%s %s", e.Text, e.Exception.Description)
	}
	if out != nil {
		if err := json.Unmarshal(r.Result.Value, out); err != nil {
			b.t.Fatalf("%.80s is %s: %v", expression, r.Result.Value, err)
		}
	}
}

// key presses a key once: Tab, Enter, Space, or a letter.
func (b *browser) key(name string) {
	b.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "Space": 32, "ArrowDown": 40}
	text := map[string]string{"Enter": "\r", "Space": " "}[name]
	key := name
	if name == "Space" {
		key = " "
	}
	if len(name) == 1 {
		text = name
	}
	down := map[string]any{"type": "keyDown", "key": key, "code": name, "windowsVirtualKeyCode": codes[name], "text": text}
	b.call("Input.dispatchKeyEvent", down, nil)
	b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": name, "windowsVirtualKeyCode": codes[name]}, nil)
}

// screenshot writes a picture of the whole page.
func (b *browser) screenshot(path string) {
	b.t.Helper()
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o666); err != nil {
		b.t.Fatal(err)
	}
}
