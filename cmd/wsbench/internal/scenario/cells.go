package scenario

import (
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/driver"
	"github.com/wsmigrate/wsmigrate/cmd/wsbench/internal/load"
)

const (
	// compressed is the smallest size that is worth compressing; libraries
	// leave shorter messages as they are.
	compressed = 1024

	// gcSize and gcConns are the load under which collections are counted.
	gcSize  = 1024
	gcConns = 100

	// broadcastSize is the size of a message to many.
	broadcastSize = 64
)

func echoCells(e *Env) []cell {
	var cells []cell
	for _, n := range e.Conns {
		for _, s := range e.Sizes {
			cells = append(cells, cell{"echo", EchoCase(s, n), load.PairArgs{Kind: load.Echo, Conns: n, Size: s}, perMessage})
		}
	}
	return cells
}

// EchoCase is the case of round trips of that size on as many connections.
func EchoCase(bytes, n int) string { return size(bytes) + ", " + conns(n) }

func streamCells(e *Env) []cell {
	var cells []cell
	for _, s := range e.Sizes {
		cells = append(cells, cell{"stream", StreamCase(s), load.PairArgs{Kind: load.OneWay, Conns: 1, Size: s}, perMessage})
	}
	return cells
}

// StreamCase is the case of a stream of messages of that size.
func StreamCase(bytes int) string { return size(bytes) }

func broadcastCells(e *Env) []cell {
	return []cell{{"broadcast", BroadcastCase(e.Audience),
		load.PairArgs{Kind: load.Broadcast, Conns: e.Audience, Size: broadcastSize}, perDelivery}}
}

// BroadcastCase is the case of a broadcast to as many connections.
func BroadcastCase(n int) string { return size(broadcastSize) + " to " + conns(n) }

func deflateCells(e *Env) []cell {
	var cells []cell
	for _, n := range e.Conns {
		for _, s := range e.Sizes {
			// The smallest and the largest, as far as compressing is worth it.
			if s < compressed || n > 1 && s > compressed || s != compressed && s != slices.Max(e.Sizes) {
				continue
			}
			cells = append(cells, cell{"deflate", EchoCase(s, n),
				load.PairArgs{Kind: load.Echo, Conns: n, Size: s, Options: driver.Options{Compress: true}}, perMessage})
		}
	}
	return cells
}

func apiCells(e *Env) []cell {
	var cells []cell
	for _, api := range []driver.API{driver.Stream, driver.JSON} {
		for _, s := range e.Sizes {
			if s != slices.Min(e.Sizes) && s != slices.Max(e.Sizes) {
				continue
			}
			cells = append(cells, cell{"api", APICase(api, s),
				load.PairArgs{Kind: load.Echo, Conns: 1, Size: s, Options: driver.Options{API: api}}, perMessage})
		}
	}
	return cells
}

// APICase is the case of round trips by other calls.
func APICase(api driver.API, bytes int) string {
	calls := "NextReader and NextWriter"
	if api == driver.JSON {
		calls = "ReadJSON and WriteJSON"
	}
	return calls + ", " + size(bytes)
}

func gcCells(*Env) []cell {
	return []cell{{"gc", EchoCase(gcSize, gcConns), load.PairArgs{Kind: load.Echo, Conns: gcConns, Size: gcSize}, collections}}
}
