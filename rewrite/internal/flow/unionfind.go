package flow

// A key identifies a place that holds or makes values: the position of a
// declaration or an expression. Positions rather than objects, because one
// file is type-checked several times where tests are loaded.
type key struct {
	file string
	off  int
	kind byte // 'o' object, 'e' expression, 't' type name, 's' site, 'd' dynamic type, 'p' package
}

type unionFind struct{ parent map[key]key }

func newUnionFind() *unionFind { return &unionFind{parent: map[key]key{}} }

func (u *unionFind) find(k key) key {
	p, ok := u.parent[k]
	if !ok || p == k {
		return k
	}
	r := u.find(p)
	u.parent[k] = r
	return r
}

func (u *unionFind) union(a, b key) {
	if a == (key{}) || b == (key{}) {
		return
	}
	ra, rb := u.find(a), u.find(b)
	if ra != rb {
		u.parent[ra] = rb
	}
}
