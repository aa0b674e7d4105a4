package wsapi_test

import (
	"fmt"

	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// What becomes of a method of gorilla.
func ExampleMappingOf() {
	m, ok := wsapi.MappingOf("Conn.ReadMessage")
	fmt.Println(ok, m.Nhooyr, m.Fidelity, m.Verdict, m.Rule)
	// Output: true [Conn.Read] context auto read
}

// What a library allows, and what it checks when nothing is configured.
func ExampleLibraryOf() {
	for _, path := range []string{wsapi.GorillaPath, "nhooyr.io/websocket", "github.com/gobwas/ws"} {
		l := wsapi.LibraryOf(path)
		fmt.Println(l.Path, "many writers:", l.Writers == wsapi.Many, "same host:", l.Upgraders[0].Unset == wsapi.SameHost)
	}
	// Output:
	// github.com/gorilla/websocket many writers: false same host: true
	// nhooyr.io/websocket many writers: true same host: true
	// github.com/gobwas/ws many writers: false same host: false
}
