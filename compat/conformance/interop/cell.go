package main

import "regexp"

// A cell is one place of the table: a library against compat on one engine, on
// one route.
type cell struct {
	row
	route   string // "direct", or the proxy between the two
	tls     bool
	deflate bool
}

// A row of the table.
type row struct {
	engine  string
	server  bool // compat is the server
	library *library
}

var (
	engines = []string{"nhooyr", "coder"}
	routes  = []string{"direct", "nginx", "haproxy"}
)

// role is what compat is in the cells of the row.
func (r row) role() string {
	if r.server {
		return "server"
	}
	return "client"
}

// name is what -run selects by.
func (c cell) name() string {
	name := c.engine + "/" + c.role() + "/" + c.library.name + "/" + c.route
	if c.tls {
		name += "/tls"
	} else {
		name += "/plain"
	}
	if c.deflate {
		return name + "/on"
	}
	return name + "/off"
}

// supported reports whether the library can do what the cell is for.
func (c cell) supported() bool {
	a := c.library.abilities
	return !c.deflate || a.deflate && (c.server || !a.takeover)
}

// column is the place of the cell in its row.
func (c cell) column() int {
	column := 0
	for i, route := range routes {
		if route == c.route {
			column = 4 * i
		}
	}
	if c.tls {
		column += 2
	}
	if c.deflate {
		column++
	}
	return column
}

// columns is how many a row has.
var columns = 4 * len(routes)

// rows returns all rows, compat the server first.
func rows() []row {
	var all []row
	for _, engine := range engines {
		for _, server := range []bool{true, false} {
			for _, l := range libraries {
				// The library has the role that compat has not.
				if server && l.client || !server && l.server {
					all = append(all, row{engine, server, l})
				}
			}
		}
	}
	return all
}

// cells returns the cells of all rows.
func cells(all []row) []cell {
	var cs []cell
	for _, r := range all {
		for _, route := range routes {
			for _, tls := range []bool{false, true} {
				for _, deflate := range []bool{false, true} {
					cs = append(cs, cell{r, route, tls, deflate})
				}
			}
		}
	}
	return cs
}

// shortKinds are the cells of a row in the short form, one for each route:
// whether there is TLS and compression. Rows take turns with them. In each,
// both are there and both are not, and the two are combined.
var shortKinds = [][][2]bool{
	{{false, true}, {true, false}, {true, true}},
	{{true, true}, {false, true}, {true, false}},
	{{true, false}, {true, true}, {false, true}},
}

// shorten returns the cells of the short form. A library without compression
// is tried without it instead.
func shorten(all []row) []cell {
	var cs []cell
	for i, r := range all {
		for j, kind := range shortKinds[i%len(shortKinds)] {
			c := cell{r, routes[j], kind[0], kind[1]}
			c.deflate = c.deflate && c.supported()
			cs = append(cs, c)
		}
	}
	return cs
}

// match returns the cells whose names match.
func match(cs []cell, pattern *regexp.Regexp) []cell {
	var matching []cell
	for _, c := range cs {
		if pattern.MatchString(c.name()) {
			matching = append(matching, c)
		}
	}
	return matching
}
