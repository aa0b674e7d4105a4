package report

import (
	"bytes"
	"encoding/gob"
)

// Encode returns the whole document, what its JSON form leaves out included,
// for Decode in the same program.
func (d *Document) Encode() ([]byte, error) {
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(d); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Decode returns the document that was encoded.
func Decode(data []byte) (*Document, error) {
	d := new(Document)
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(d); err != nil {
		return nil, err
	}
	// Empty lists come back as none.
	d.Modules, d.Findings, d.Clusters, d.Skipped = list(d.Modules), list(d.Findings), list(d.Clusters), list(d.Skipped)
	for i, f := range d.Findings {
		d.Findings[i] = f.filled()
	}
	for i, s := range d.Suppressed {
		d.Suppressed[i].Finding = s.Finding.filled()
	}
	for i := range d.Clusters {
		c := &d.Clusters[i]
		c.Files, c.Blocking, c.Notes = list(c.Files), list(c.Blocking), list(c.Notes)
	}
	return d, nil
}
