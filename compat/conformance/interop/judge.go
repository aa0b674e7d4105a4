package main

import (
	"fmt"
	"slices"
	"strings"
)

// A check is one fact that has to hold.
type check struct {
	name   string // with that of its exchange before it
	passed bool
	detail string // of a failure
}

// view is what one side of an exchange reported.
type view []event

// judgement holds what both sides of an exchange reported against what should
// have come of it.
type judgement struct {
	name           string // of the exchange
	client, server view
	checks         []check
}

func (j *judgement) check(name string, passed bool, format string, args ...any) {
	c := check{name: j.name + ": " + name, passed: passed}
	if !passed {
		c.detail = fmt.Sprintf(format, args...)
	}
	j.checks = append(j.checks, c)
}

// find returns the events of a kind.
func (v view) find(kind string) []event {
	var found []event
	for _, e := range v {
		if e.Event == kind {
			found = append(found, e)
		}
	}
	return found
}

func (v view) opened() event {
	if found := v.find("open"); len(found) > 0 {
		return found[0]
	}
	return event{}
}

func (v view) wire() *wire {
	if found := v.find("wire"); len(found) > 0 {
		return found[0].Wire
	}
	return nil
}

// String says how the exchange went for this side, without the messages.
func (v view) String() string {
	var b strings.Builder
	for _, e := range v {
		switch e.Event {
		case "message", "wire":
			continue
		case "open":
			fmt.Fprintf(&b, "open(%s %q)", e.Protocol, e.Extensions)
		case "close":
			fmt.Fprintf(&b, "close(%d %q)", e.Code, e.Reason)
		case "refused":
			fmt.Fprintf(&b, "refused(%d %s)", e.Status, e.Detail)
		case "error":
			fmt.Fprintf(&b, "error(%s)", e.Detail)
		default:
			fmt.Fprintf(&b, "%s(%s)", e.Event, e.Data)
		}
		b.WriteString(" ")
	}
	fmt.Fprintf(&b, "and %d messages", len(v.find("message")))
	return b.String()
}

// opened holds the handshake to what the cell is for, and both sides to have no
// errors but one of sending at the side that may be refused.
func (j *judgement) opened(deflate bool, refused string) {
	for _, side := range []struct {
		name string
		view view
	}{{"client", j.client}, {"server", j.server}} {
		opened := len(side.view.find("open")) == 1
		j.check("open at the "+side.name, opened, "%v", side.view)
		if opened {
			extensions := side.view.opened().Extensions
			j.check("extensions at the "+side.name, strings.Contains(extensions, "permessage-deflate") == deflate, "got %q", extensions)
		}
		errs := slices.DeleteFunc(slices.Clone(side.view.find("error")), func(e event) bool {
			return side.name == refused && strings.HasPrefix(e.Detail, "send: ")
		})
		j.check("no errors at the "+side.name, len(errs) == 0, "%v", view(errs))
	}
}

// closed holds the close frame that a side got to a code and, unless it is
// empty, a reason.
func (j *judgement) closed(v view, who string, code int, reason string) {
	got := v.find("close")
	passed := len(got) == 1 && got[0].Code == code && (reason == "" || got[0].Reason == reason)
	j.check(fmt.Sprintf("%s gets close %d", who, code), passed, "want %q, saw %v", reason, v)
}

// has wants exactly one control frame of a kind, with its data.
func (j *judgement) has(v view, kind, data, name string) {
	got := v.find(kind)
	j.check(name, len(got) == 1 && got[0].Data == data, "want %q, saw %v", data, v)
}

// each compares the messages that the steps send with those that arrived at
// each of the sides, one by one.
func (j *judgement) each(what string, steps []step, sides ...view) {
	for i, want := range messages(steps) {
		kind := "text"
		if want.Binary {
			kind = "binary"
		}
		var wrong []string
		for _, v := range sides {
			if got := v.find("message"); i >= len(got) {
				wrong = append(wrong, fmt.Sprintf("missing, saw %v", v))
			} else if got[i] != want {
				wrong = append(wrong, fmt.Sprintf("got %+v, want %+v", got[i], want))
			}
		}
		j.check(fmt.Sprintf("%s: %s of %d bytes", what, kind, want.Size), len(wrong) == 0, "%s", strings.Join(wrong, "; "))
	}
}

// all compares them as a whole.
func (j *judgement) all(name string, steps []step, v view) {
	want, got := messages(steps), v.find("message")
	at := 0
	for at < min(len(want), len(got)) && got[at] == want[at] {
		at++
	}
	j.check(name, slices.Equal(got, want), "got %d, the first %d of them right, saw %v", len(got), at, v)
}

func (j *judgement) count(v view, who string, want int) {
	got := len(v.find("message"))
	j.check(fmt.Sprintf("messages at %s", who), got == want, "got %d, want %d", got, want)
}

func (j *judgement) refused(v view, name string) {
	j.check(name, len(v) == 1 && v[0].Event == "refused", "saw %v", v)
}

// fromClient returns the traffic from the client to the server. One of them is
// compat and had a meter.
func (j *judgement) fromClient() traffic {
	if w := j.client.wire(); w != nil {
		return w.Sent
	}
	if w := j.server.wire(); w != nil {
		return w.Received
	}
	return traffic{}
}

func (j *judgement) fromServer() traffic {
	if w := j.server.wire(); w != nil {
		return w.Sent
	}
	if w := j.client.wire(); w != nil {
		return w.Received
	}
	return traffic{}
}

// onTheWire holds the frames of both directions to the rules that a meter
// knows. What compat sends behind its close frame is a fault; of others it is
// not looked at, since a message may be on its way when the limit is met. With
// an abrupt peer compat's close frame may have nowhere to go.
func (j *judgement) onTheWire(abrupt bool) {
	for _, side := range []struct {
		name string
		view view
	}{{"client", j.client}, {"server", j.server}} {
		w := side.view.wire()
		if w == nil {
			continue
		}
		j.check("frames on the wire", w.Received.Broken == "" && w.Sent.Broken == "", "received: %q, sent: %q", w.Received.Broken, w.Sent.Broken)
		j.check("one close frame of compat's "+side.name+" and nothing behind it",
			(w.Sent.Closes == 1 || w.Sent.Closes == 0 && abrupt) && w.Sent.Late == 0, "%d close frames, %d frames late", w.Sent.Closes, w.Sent.Late)
	}
}

func (j *judgement) fragmented(t traffic, want int) {
	j.check("in fragments on the wire", t.Fragmented == want, "%d messages of %d were", t.Fragmented, t.Messages)
}

// deflated holds the compressible message of a direction to what it takes on
// the wire.
func (j *judgement) deflated(direction string, t traffic, want bool) {
	if want {
		j.check("compressed "+direction, t.Messages == 1 && t.Deflated == 1 && t.Payload < compressible/10, "%+v", t)
	} else {
		j.check("not compressed "+direction, t.Messages == 1 && t.Deflated == 0 && t.Payload == compressible, "%+v", t)
	}
}
