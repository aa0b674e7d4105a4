package wsapi

var (
	compat   = &Library{Name: "compat", Module: CompatModule}
	nhooyr   = &Library{Name: "nhooyr", Module: TargetNhooyr.Path}
	coder    = &Library{Name: "coder", Module: TargetCoder.Path}
	gobwas   = &Library{Name: "gobwas", Module: "github.com/gobwas/ws"}
	xnet     = &Library{Name: "xnet", Module: "golang.org/x/net/websocket"}
	fasthttp = &Library{Name: "fasthttp", Module: "github.com/fasthttp/websocket"}
	mappings []Mapping
)
