package main

import "sync"

// A change gave a key of a document a value.
type change struct {
	Seq        int64
	Key, Value string
}

// document has the values of its keys, and the last changes.
type document struct {
	keep int

	mu       sync.Mutex
	values   map[string]string
	changes  []change // the last of them, without gaps
	seq      int64    // of the last change
	applied  int64    // the last change that the owner's client has sent
	watchers map[chan<- struct{}]bool
}

func newDocument(keep int) *document {
	return &document{keep: keep, values: make(map[string]string), watchers: make(map[chan<- struct{}]bool)}
}

// set makes a change. A client numbers its changes with id and sends again
// those it does not know to have arrived; set makes each of them once. Others
// have 0 for id.
func (d *document) set(id int64, key, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if id != 0 {
		if id <= d.applied {
			return
		}
		d.applied = id
	}
	d.seq++
	d.values[key] = value
	d.changes = append(d.changes, change{d.seq, key, value})
	if n := len(d.changes) - d.keep; n > 0 {
		d.changes = d.changes[n:]
	}
	for w := range d.watchers {
		select {
		case w <- struct{}{}:
		default: // it knows already
		}
	}
}

// since returns the changes behind seq. Where they are not kept any more, it
// returns all values and what seq they are of.
func (d *document) since(seq int64) (changes []change, values map[string]string, last int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	missing := d.seq - seq
	if missing < 0 || missing > int64(len(d.changes)) {
		values = make(map[string]string, len(d.values))
		for k, v := range d.values {
			values[k] = v
		}
		return nil, values, d.seq
	}
	return append([]change(nil), d.changes[int64(len(d.changes))-missing:]...), nil, d.seq
}

// watch makes a channel that has an element when there are new changes.
func (d *document) watch() (changed <-chan struct{}, stop func()) {
	w := make(chan struct{}, 1)
	d.mu.Lock()
	d.watchers[w] = true
	d.mu.Unlock()
	return w, func() {
		d.mu.Lock()
		delete(d.watchers, w)
		d.mu.Unlock()
	}
}
