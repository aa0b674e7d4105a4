package wsapi

const fasthttpPath = "github.com/fasthttp/websocket"

// fasthttp is a fork of gorilla with gorilla's contract and an upgrader for
// fasthttp servers beside gorilla's own.
var fasthttp = fork(gorilla, Library{
	Name: "fasthttp", Module: fasthttpPath, Path: fasthttpPath, Version: "v1.5.12",
	Funcs: []Func{
		// The connection is the argument of the FastHTTPHandler.
		{fasthttpPath, "FastHTTPUpgrader.Upgrade", Upgrades, NoConn},
	},
	Upgraders: []Upgrader{
		{Pkg: fasthttpPath, Type: "FastHTTPUpgrader", Check: "CheckOrigin", Unset: SameHost},
	},
})
