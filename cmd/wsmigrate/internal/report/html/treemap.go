package html

import (
	"cmp"
	"slices"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
)

// A tile is a cluster on the map. Its place is in percent of the map.
type tile struct {
	report.Cluster
	Becomes    string
	X, Y, W, H float64
}

// Named reports whether the tile has room for its name, Told for a second line.
func (t tile) Named() bool { return t.W >= 14 && t.H >= 12 }

// Told is described at Named.
func (t tile) Told() bool { return t.W >= 14 && t.H >= 26 }

// aspect is the width of the map by its height.
const aspect = 3.2

// treemap lays the clusters out so that areas are as the numbers of their
// sites, and tiles as near to squares as may be ("squarified"): rows are filled
// along the shorter side for as long as that makes their tiles squarer.
func treemap(doc *report.Document) []tile {
	var tiles []tile
	total := 0
	for _, c := range doc.Clusters {
		if c.Sites > 0 {
			tiles = append(tiles, tile{Cluster: c, Becomes: doc.Becomes(c)})
			total += c.Sites
		}
	}
	slices.SortStableFunc(tiles, func(a, b tile) int { return -cmp.Compare(a.Sites, b.Sites) })
	x, y, w, h := 0.0, 0.0, aspect, 1.0
	area := func(t tile) float64 { return float64(t.Sites) / float64(total) * aspect }
	for rest := tiles; len(rest) > 0; {
		side := min(w, h)
		n, sum := 1, area(rest[0])
		for n < len(rest) && worst(rest[:n+1], sum+area(rest[n]), side, area) <= worst(rest[:n], sum, side, area) {
			sum += area(rest[n])
			n++
		}
		thick := sum / side
		along := 0.0
		for i := range rest[:n] {
			t := &rest[i]
			length := area(*t) / thick
			if w >= h {
				t.X, t.Y, t.W, t.H = x, y+along, thick, length
			} else {
				t.X, t.Y, t.W, t.H = x+along, y, length, thick
			}
			along += length
		}
		if w >= h {
			x, w = x+thick, w-thick
		} else {
			y, h = y+thick, h-thick
		}
		rest = rest[n:]
	}
	for i := range tiles {
		t := &tiles[i]
		t.X, t.W = t.X/aspect*100, t.W/aspect*100
		t.Y, t.H = t.Y*100, t.H*100
	}
	return tiles
}

// worst returns how far the tile of a row is from a square that is farthest.
func worst(row []tile, sum, side float64, area func(tile) float64) float64 {
	thick := sum / side
	w := 0.0
	for _, t := range row {
		length := area(t) / thick
		w = max(w, thick/length, length/thick)
	}
	return w
}
