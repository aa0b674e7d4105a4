package main

import (
	"log"
	"net/http"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
)

// Roles may do things to rooms; a role may have all that another may.
const rbac = `
[request_definition]
r = role, room, act
[policy_definition]
p = role, room, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.role, p.role) && keyMatch(r.room, p.room) && r.act == p.act
`

var rules = [][]string{
	{"guest", "lobby", "subscribe"},
	{"reader", "team-*", "subscribe"},
	{"writer", "lobby", "publish"},
	{"writer", "team-*", "publish"},
	{"operator", "*", "subscribe"},
	{"operator", "*", "publish"},
}

var inherits = [][]string{
	{"reader", "guest"},
	{"writer", "reader"},
}

// policy says which role may do what.
type policy struct{ e *casbin.Enforcer }

func newPolicy() (policy, error) {
	m, err := model.NewModelFromString(rbac)
	if err != nil {
		return policy{}, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return policy{}, err
	}
	if _, err := e.AddPolicies(rules); err != nil {
		return policy{}, err
	}
	_, err = e.AddGroupingPolicies(inherits)
	return policy{e}, err
}

func (p policy) allows(role, room, act string) bool {
	ok, err := p.e.Enforce(role, room, act)
	if err != nil {
		log.Printf("enforce: %v", err)
	}
	return ok && err == nil
}

// authorize lets those through who may act on the room of the path.
func authorize(p policy, act string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u := user(r); !p.allows(u.Role, r.PathValue("room"), act) {
			http.Error(w, "a "+u.Role+" may not "+act+" here", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
