package wsapi

const gorillaPath = GorillaPath

var gorilla = &Library{
	Name: "gorilla", Module: GorillaModule, Version: "v1.5.3",
	Conns:   []string{gorillaPath + ".Conn"},
	Writers: One, Readers: One,
	Funcs: []Func{
		{gorillaPath, "Conn.WriteMessage", Writes, Receiver},
	},
	Upgraders: []Upgrader{{Pkg: gorillaPath, Type: "Upgrader", Check: "CheckOrigin", Unset: SameHost}},
}
