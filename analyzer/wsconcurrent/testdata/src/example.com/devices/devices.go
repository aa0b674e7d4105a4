// Package devices has types that all write to one connection through a
// function of another package: one cause, however many callers there are.
package devices

import (
	"example.com/peer"
	"github.com/gorilla/websocket"
)

type Lamp struct{ conn *websocket.Conn }

func (l *Lamp) On() error  { return peer.Send(l.conn, "on") }  // want On:"writes WriteJSON"
func (l *Lamp) Off() error { return peer.Send(l.conn, "off") } // want Off:"writes WriteJSON" `concurrent writes to one connection \(Lamp.conn\): Send at devices.go:\d+ \(WriteJSON at peer.go:\d+\) by callers of Lamp.Off, and Send at devices.go:\d+ \(WriteJSON at peer.go:\d+\) by callers of Lamp.On`

type Door struct{ conn *websocket.Conn }

func (d *Door) Open() error { return peer.Send(d.conn, "open") } // want Open:"writes WriteJSON"
func (d *Door) Shut() error { return peer.Send(d.conn, "shut") } // want Shut:"writes WriteJSON"

type Bell struct{ conn *websocket.Conn }

func (b *Bell) Ring() error { return peer.Send(b.conn, "ring") } // want Ring:"writes WriteJSON"
