package rewrite

// dialerProbes dial with settings that only the running program knows.
var dialerProbes = []probe{
	{"dialer nil", dialProbeOf(`
func main() {
	for _, c := range []client{{}, {dialer: &websocket.Dialer{Subprotocols: []string{"chat"}}}, {dialer: websocket.DefaultDialer}} {
		show(c.dialer.Dial(os.Args[1], c.header))
	}
	c := client{header: http.Header{"X-Test": {"a"}, "Host": {"virtual.example"}}}
	show(c.dialer.Dial(os.Args[1], c.header))
	fail(c.dialer.Dial(os.Args[1]+"/redirect", c.header))
}

type client struct {
	dialer *websocket.Dialer
	header http.Header
}
`), serveDials},
	{"dialer zero", dialProbeOf(`
func main() {
	var c client
	show(c.dialer.Dial(os.Args[1], http.Header{"X-Test": {"b"}}))
	fail(c.dialer.Dial(os.Args[1]+"/redirect", nil))
	fail(c.dialer.Dial(os.Args[1]+"/refuse", nil))
}

type client struct{ dialer websocket.Dialer }
`), serveDials},
	{"subprotocols in the header", dialProbeOf(`
func main() {
	for _, names := range []string{"chat", "other, chat", "other,chat , more"} {
		h := http.Header{"Sec-WebSocket-Protocol": {names}}
		c, _, err := websocket.DefaultDialer.Dial(os.Args[1], h)
		if err != nil {
			panic(err)
		}
		fmt.Println(c.Subprotocol())
		c.Close()
	}
}
`), serveDials},
	{"settings of a dialer in a structure", dialProbeOf(`
func main() {
	c := newClient()
	c.configure(func(network, addr string) (net.Conn, error) {
		fmt.Println("dials", network)
		return net.Dial(network, addr)
	})
	show(c.dialer.Dial(os.Args[1], nil))
	c.configure(nil)
	show(c.dialer.Dial(os.Args[1], nil))
}

type client struct{ dialer *websocket.Dialer }

func newClient() *client { return &client{&websocket.Dialer{}} }

func (c *client) configure(dial func(network, addr string) (net.Conn, error)) {
	c.dialer.NetDial = dial
	c.dialer.Subprotocols = []string{"chat"}
}
`), serveDials},
	{"a copied dialer has settings of its own", dialProbeOf(`
func main() {
	a := base()
	b := *a
	b.NetDial = func(network, addr string) (net.Conn, error) { return nil, fmt.Errorf("no way to %s", network) }
	show(a.Dial(os.Args[1], nil))
	_, _, err := b.Dial(os.Args[1], nil)
	fmt.Println(err != nil)
}

func base() *websocket.Dialer { return &websocket.Dialer{Subprotocols: []string{"chat"}} }
`), serveDials},
	{"compression by a setting", dialProbeOf(`
func main() {
	for _, on := range []bool{true, false} {
		d := websocket.Dialer{EnableCompression: on}
		c, resp, err := d.Dial(os.Args[1], nil)
		if err != nil {
			panic(err)
		}
		fmt.Println(resp.Header["Sec-Websocket-Extensions"])
		c.Close()
	}
}
`), serveDials},
}

// dialProbeOf makes a program of body and functions that show what a Dial
// returned.
func dialProbeOf(body string) string {
	imports := ""
	for _, path := range []string{"fmt", "net", "net/http", "os"} {
		imports += "\t\"" + path + "\"\n"
	}
	return "package main\n\nimport (\n" + imports + "\n\t\"github.com/gorilla/websocket\"\n)\n" + body + `
var _ net.Conn

func show(c *websocket.Conn, resp *http.Response, err error) {
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	defer c.Close()
	fmt.Println(resp.StatusCode, c.Subprotocol())
	_, p, err := c.ReadMessage()
	fmt.Printf("%s %v\n", p, err)
	_, p, err = c.ReadMessage()
	fmt.Println(len(p), err)
}

func fail(c *websocket.Conn, resp *http.Response, err error) {
	fmt.Println(c == nil, err != nil, resp.StatusCode, resp.Header.Get("Location"))
}
`
}
