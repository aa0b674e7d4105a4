package rewrite

import "net/http"

// wrapperProbes use connections through interfaces, and ask for addresses.
var wrapperProbes = []probe{
	{"addresses of a client", deadlineProbeOf(`
type session struct{ conn *websocket.Conn }

func (s *session) remote() net.Addr { return s.conn.RemoteAddr() }

func (s *session) local() net.Addr { return s.conn.LocalAddr() }

func main() {
	s := &session{dial()}
	defer s.conn.Close()
	fmt.Println("ws://"+s.remote().String() == os.Args[1], s.local().Network())
	tcp, ok := s.conn.UnderlyingConn().(*net.TCPConn)
	fmt.Println(ok && tcp.SetNoDelay(true) == nil)
	check(s.conn.WriteJSON("hello"))
	_, p, err := s.conn.ReadMessage()
	fmt.Printf("%q %v\n", p, err)
	s.conn.UnderlyingConn().Close()
	_, _, err = s.conn.ReadMessage()
	fmt.Println(err != nil)
}
`), echoPeer},
	{"addresses of a server", upgradeProbeOf(`
var upgrader = websocket.Upgrader{Subprotocols: []string{"chat"}}

type session struct{ conn *websocket.Conn }

func (s *session) string() string {
	_, port, _ := strings.Cut(s.conn.LocalAddr().String(), ":")
	return fmt.Sprint(s.conn.RemoteAddr().String() == remote, port != "")
}

var remote string

func serve(w http.ResponseWriter, r *http.Request) {
	remote = r.RemoteAddr
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	s := &session{c}
	fmt.Println(s.string())
	c.Close()
}

func main() { probe(http.HandlerFunc(serve), "") }
`), http.NotFound},
	{"an interface of gorilla's methods", deadlineProbeOf(`
type conn interface {
	ReadMessage() (int, []byte, error)
	WriteMessage(int, []byte) error
	ReadJSON(interface{}) error
	WriteJSON(interface{}) error
	NextReader() (int, io.Reader, error)
	NextWriter(int) (io.WriteCloser, error)
	SetReadLimit(int64)
	SetReadDeadline(time.Time) error
	Close() error
}

func main() { run(dial()) }

func run(c conn) {
	check(c.WriteMessage(websocket.BinaryMessage, []byte{1}))
	fmt.Println(c.ReadMessage())
	check(c.WriteJSON([]int{2}))
	var v []int
	fmt.Println(c.ReadJSON(&v), v)
	w, err := c.NextWriter(websocket.TextMessage)
	check(err)
	fmt.Fprint(w, "written ")
	fmt.Fprint(w, "in parts")
	check(w.Close())
	typ, r, err := c.NextReader()
	check(err)
	b, err := io.ReadAll(r)
	fmt.Println(typ == websocket.TextMessage, string(b), err)
	c.SetReadLimit(0)
	check(c.WriteMessage(websocket.TextMessage, make([]byte, 100_000)))
	_, p, err := c.ReadMessage()
	fmt.Println(len(p), err)
	check(c.SetReadDeadline(time.Now()))
	_, _, err = c.ReadMessage()
	ne, ok := err.(net.Error)
	fmt.Println(ok && ne.Timeout())
	check(c.Close())
	fmt.Println(c.WriteMessage(websocket.TextMessage, nil) != nil)
}
`), echoPeer},
	{"control frames through an interface", deadlineProbeOf(`
type response = interface{}

type conn interface {
	ReadMessage() (int, []byte, error)
	WriteMessage(int, []byte) error
	WriteControl(int, []byte, time.Time) error
	SetPongHandler(func(string) error)
	SetWriteDeadline(time.Time) error
	Close() error
}

func open() (conn, response, error) { return websocket.DefaultDialer.Dial(os.Args[1], nil) }

var _ = dial

func main() {
	c, _, err := open()
	check(err)
	pongs := make(chan string, 1)
	c.SetPongHandler(func(data string) error {
		pongs <- data
		return nil
	})
	ended := make(chan error)
	go func() {
		_, p, err := c.ReadMessage()
		fmt.Printf("%q %v\n", p, err)
		ended <- err
		_, _, err = c.ReadMessage()
		ended <- err
	}()
	check(c.WriteControl(websocket.PingMessage, []byte("beat"), time.Now().Add(time.Minute)))
	fmt.Println(<-pongs)
	check(c.WriteMessage(websocket.PingMessage, nil))
	fmt.Printf("%q\n", <-pongs)
	fmt.Println(c.WriteControl(websocket.PingMessage, nil, time.Now()) != nil)
	fmt.Println(c.WriteControl(websocket.TextMessage, nil, time.Now().Add(time.Minute)) != nil)
	check(c.WriteMessage(websocket.TextMessage, []byte("text")))
	check(<-ended)
	check(c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye"), time.Now().Add(time.Minute)))
	fmt.Println(<-ended != nil)
	fmt.Println(c.WriteMessage(websocket.TextMessage, nil) != nil)
	c.Close()
}
`), echoPeer},
	{"a stream of bytes", deadlineProbeOf(`
type stream struct {
	*websocket.Conn
	rest []byte
}

func (s *stream) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		_, b, err := s.ReadMessage()
		if err != nil {
			return 0, err
		}
		s.rest = b
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *stream) Write(p []byte) (int, error) {
	if err := s.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *stream) SetDeadline(t time.Time) error {
	if err := s.SetReadDeadline(t); err != nil {
		return err
	}
	return s.SetWriteDeadline(t)
}

func open() net.Conn { return &stream{Conn: dial()} }

func main() {
	c := open()
	check(c.SetDeadline(time.Now().Add(time.Hour)))
	fmt.Fprint(c, "a stream")
	b := make([]byte, 4)
	for range 2 {
		n, err := io.ReadFull(c, b)
		fmt.Printf("%d %q %v\n", n, b, err)
	}
	fmt.Println("ws://"+c.RemoteAddr().String() == os.Args[1])
	check(c.SetDeadline(time.Now()))
	_, err := c.Read(b)
	ne, ok := err.(net.Error)
	fmt.Println(ok && ne.Timeout())
	c.Close()
	_, err = c.Read(b)
	fmt.Println(err != nil)
}
`), echoPeer},
}
