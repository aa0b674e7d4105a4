package wslimit

import (
	"fmt"
	"go/constant"
	"net/url"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/wsmigrate/wsmigrate/analyzer/internal/conns"
	"github.com/wsmigrate/wsmigrate/analyzer/internal/rule"
	"github.com/wsmigrate/wsmigrate/analyzer/wsapi"
)

// peers compares what the endpoints of a package write with what those at the
// other end of a connection read.
func (c *checker) peers(list []*endpoint) {
	var servers, clients []*endpoint
	for _, e := range list {
		server, client := e.roles()
		switch {
		case server && !client:
			servers = append(servers, e)
		case client && !server:
			if e.elsewhere() {
				continue // it talks to somebody else
			}
			clients = append(clients, e)
		}
	}
	sure := len(servers) == 1 && len(clients) == 1
	for _, s := range servers {
		for _, cl := range clients {
			c.peer(s, cl, sure)
			c.peer(cl, s, sure)
		}
	}
}

func (e *endpoint) roles() (server, client bool) {
	for _, o := range e.Origins {
		if o.Server {
			server = true
		} else {
			client = true
		}
	}
	return server, client
}

// elsewhere reports whether every dial of an endpoint names a host that is not
// this machine.
func (e *endpoint) elsewhere() bool {
	for _, o := range e.Origins {
		call, ok := o.Instr.(ssa.CallInstruction)
		if !ok || !foreign(call.Common().Args) {
			return false
		}
	}
	return len(e.Origins) > 0
}

func foreign(args []ssa.Value) bool {
	for _, arg := range args {
		k, ok := arg.(*ssa.Const)
		if !ok || k.Value == nil || k.Value.Kind() != constant.String {
			continue
		}
		u, err := url.Parse(constant.StringVal(k.Value))
		if err != nil || u.Host == "" {
			continue
		}
		switch host := u.Hostname(); {
		case host == "localhost", strings.HasPrefix(host, "127."), host == "::1", host == "0.0.0.0":
			return false
		}
		return true
	}
	return false
}

// peer reports the messages of from that are too large for to.
func (c *checker) peer(from, to *endpoint, sure bool) {
	if to.limit <= 0 || len(to.reads) == 0 || !limitable(to.lib) {
		return
	}
	for _, u := range from.All(wsapi.Writes) {
		n := c.message(u)
		if n.max == open || n.max <= to.limit {
			continue
		}
		f := rule.Finding{
			Pos: u.Pos(), Category: exceeded, Confidence: rule.Medium,
			Related: related(to.reads[0].Pos(), "reads it with the limit"),
		}
		what := fmt.Sprintf("a message of up to %d bytes", n.max)
		if n.min > to.limit {
			what = fmt.Sprintf("a message of %d bytes", n.min)
			if sure && !to.Escapes && !from.Escapes {
				f.Confidence = rule.High
			}
		}
		f.Message = fmt.Sprintf("%s writes %s, and the other end, %s at %s, has a limit: %s; the read fails and the connection is closed with status 1009; call SetReadLimit there",
			u.Name, what, to.reads[0].Name, c.Site(to.reads[0].Pos()), c.limitText(to))
		c.report(f, to.reads[0].Pos())
	}
}

// message returns the size of what a write sends as one message.
func (c *checker) message(u conns.Use) size {
	if u.Roles.Has(wsapi.OpensWriter) {
		return c.written(u)
	}
	for _, arg := range u.Args {
		if isByteSlice(arg.Type()) {
			return c.size(arg)
		}
	}
	return anySize
}

// written returns the size of the largest piece that goes into a message
// writer; the message is at least that.
func (c *checker) written(u conns.Use) size {
	call, ok := u.Instr.(*ssa.Call)
	if !ok {
		return anySize
	}
	var largest size
	for _, ref := range *call.Referrers() {
		w, ok := ref.(*ssa.Extract)
		if !ok || w.Index != 0 {
			continue
		}
		for _, ref := range *w.Referrers() {
			m, ok := ref.(*ssa.Call)
			if !ok || !m.Call.IsInvoke() || m.Call.Method.Name() != "Write" || len(m.Call.Args) != 1 {
				continue
			}
			if n := c.size(m.Call.Args[0]); n.max != open && n.max > largest.max {
				largest = n
			}
		}
	}
	return largest
}
