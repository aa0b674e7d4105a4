package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"github.com/wsmigrate/wsmigrate/compat/websocket"
)

// chromium is a browser, driven over its DevTools protocol.
type chromium struct {
	cmd      *exec.Cmd
	said     announcement
	ended    chan struct{}
	devtools *devtools
	session  string // of the one tab

	foreign string // a page that is not of the server under test
	page    string // the page that is open
}

// startChromium starts a browser whose profile is in dir. It trusts the server
// key with the fingerprint.
func startChromium(ctx context.Context, dir, fingerprint, foreign string) (*chromium, error) {
	c := &chromium{ended: make(chan struct{}), foreign: foreign, said: announcement{address: make(chan string, 1)}}
	c.cmd = exec.Command("chromium",
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--ignore-certificate-errors-spki-list="+fingerprint,
		"--user-data-dir="+filepath.Join(dir, "profile"),
		"--remote-debugging-port=0", "about:blank")
	c.cmd.Env = append(c.cmd.Environ(), "HOME="+dir)
	c.cmd.Stderr = &c.said
	c.cmd.WaitDelay = stopTime // for processes of the browser that outlive it
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start chromium: %w", err)
	}
	go func() {
		defer close(c.ended)
		c.cmd.Wait()
	}()

	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	select {
	case url := <-c.said.address:
		if err := c.connect(ctx, url); err != nil {
			c.stop()
			return nil, fmt.Errorf("start chromium: %w", err)
		}
		return c, nil
	case <-ctx.Done():
		c.stop()
	case <-c.ended:
	}
	return nil, fmt.Errorf("start chromium: it has said no address: %s", c.said.tail.String())
}

// An announcement looks for the address of the DevTools in what the browser
// says.
type announcement struct {
	tail
	address chan string
}

var devtoolsAddress = regexp.MustCompile(`DevTools listening on (ws://\S+)\s`)

func (a *announcement) Write(p []byte) (int, error) {
	n, err := a.tail.Write(p)
	if found := devtoolsAddress.FindStringSubmatch(a.tail.String()); found != nil {
		select {
		case a.address <- found[1]:
		default: // said already
		}
	}
	return n, err
}

// connect opens the DevTools and a tab.
func (c *chromium) connect(ctx context.Context, url string) error {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, url, nil)
	if err != nil {
		return err
	}
	c.devtools = newDevtools(conn)
	var target struct{ TargetID string }
	if err := c.devtools.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return err
	}
	var attached struct{ SessionID string }
	attach := map[string]any{"targetId": target.TargetID, "flatten": true}
	if err := c.devtools.call(ctx, "", "Target.attachToTarget", attach, &attached); err != nil {
		return err
	}
	c.session = attached.SessionID
	return nil
}

// ask plays a script on a page of the server that it is for, or, where the
// script is of a foreign origin, on a page that is elsewhere.
func (c *chromium) ask(ctx context.Context, sc script) (view, error) {
	page := originOf(sc.URL) + "/page/page.html"
	if sc.Origin == foreignOrigin {
		page = c.foreign
	}
	if err := c.navigate(ctx, page); err != nil {
		return nil, err
	}
	data, err := json.Marshal(sc)
	if err != nil {
		return nil, err
	}
	var events view
	expression := fmt.Sprintf("import('./whatwg.mjs').then((m) => m.run(%s))", data)
	if err := c.evaluate(ctx, expression, &events); err != nil {
		c.page = "" // a script may still be running there
		return nil, err
	}
	return events, nil
}

// navigate opens a page, if it is not open.
func (c *chromium) navigate(ctx context.Context, page string) error {
	if c.page == page {
		return nil
	}
	c.page = ""
	var opened struct{ ErrorText string }
	if err := c.devtools.call(ctx, c.session, "Page.navigate", map[string]any{"url": page}, &opened); err != nil {
		return err
	}
	if opened.ErrorText != "" {
		return fmt.Errorf("chromium: open %s: %s", page, opened.ErrorText)
	}
	c.page = page
	return nil
}

// evaluate runs an expression on the page and waits for the value of the
// promise that it is.
func (c *chromium) evaluate(ctx context.Context, expression string, value any) error {
	var evaluated struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	params := map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}
	if err := c.devtools.call(ctx, c.session, "Runtime.evaluate", params, &evaluated); err != nil {
		return err
	}
	if e := evaluated.ExceptionDetails; e != nil {
		return fmt.Errorf("chromium: %s %s", e.Text, e.Exception.Description)
	}
	if len(evaluated.Result.Value) == 0 {
		return errors.New("chromium: the script has no result")
	}
	return json.Unmarshal(evaluated.Result.Value, value)
}

// stop ends the browser with all of its processes.
func (c *chromium) stop() {
	patience := time.AfterFunc(stopTime, func() { c.cmd.Process.Kill() })
	defer patience.Stop()
	if c.devtools != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		c.devtools.call(ctx, "", "Browser.close", nil, nil) // or it is killed
		defer c.devtools.close()
	}
	<-c.ended
}
