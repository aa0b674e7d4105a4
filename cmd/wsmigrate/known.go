package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/wsmigrate/wsmigrate/cmd/wsmigrate/internal/report"
	"github.com/wsmigrate/wsmigrate/rewrite"
)

// cacheVariable names the folder of the results of earlier runs, or is "off".
// Without it they are in the user's cache folder.
const cacheVariable = "WSMIGRATE_CACHE"

// examined returns the document that examine makes of what the patterns name,
// or the one that an earlier run made of the same files in the same way.
func (inv *invocation) examined(ctx context.Context, examine func(doc *report.Document, prog *rewrite.Program) error) (*report.Document, error) {
	listing, err := inv.list(ctx, inv.args)
	if err != nil {
		return nil, err
	}
	known := inv.openCache()
	var key cache.ActionID
	if known != nil {
		key, err = inv.key(listing)
		if err != nil {
			known = nil
		}
	}
	if known != nil {
		if doc := inv.recall(known, key); doc != nil {
			return doc, nil
		}
	}
	prog, err := listing.Load(ctx)
	if err != nil {
		return nil, err
	}
	doc := inv.document(prog)
	if err := examine(doc, prog); err != nil {
		return nil, err
	}
	if known != nil && listing.Settled() {
		remember(known, key, doc)
	}
	return doc, nil
}

// openCache opens the results of earlier runs. It returns nil where there can
// be none: a run does without.
func (inv *invocation) openCache() *cache.Cache {
	dir := inv.getenv(cacheVariable)
	if dir == "off" {
		return nil
	}
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return nil
		}
		dir = filepath.Join(user, "wsmigrate")
	}
	if !filepath.IsAbs(dir) || os.MkdirAll(dir, 0o777) != nil {
		return nil
	}
	c, err := cache.Open(dir)
	if err != nil {
		return nil
	}
	return c
}

// key returns what a result is known by: the tool, what it is asked, and what
// it works on. How the result is shown is no part of it.
func (inv *invocation) key(listing *rewrite.Listing) (cache.ActionID, error) {
	tool, err := executableSum()
	if err != nil {
		return cache.ActionID{}, err
	}
	o := inv.options
	asked, err := json.Marshal([]any{
		inv.cmd.name, o.tags, o.to, o.raiseGo, o.compatDir, o.api, o.only, o.ctx, o.fallback, o.confidence, o.rules,
	})
	if err != nil {
		return cache.ActionID{}, err
	}
	digest := listing.Digest()
	h := sha256.New()
	fmt.Fprintf(h, "%x %x %s", tool, digest, asked)
	var id cache.ActionID
	h.Sum(id[:0])
	return id, nil
}

// executableSum returns the hash of the running program.
func executableSum() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// recall returns the document of an earlier run, or nil.
func (inv *invocation) recall(known *cache.Cache, key cache.ActionID) *report.Document {
	data, _, err := known.GetBytes(key)
	if err != nil {
		return nil
	}
	doc, err := report.Decode(data)
	if err != nil {
		return nil
	}
	if inv.verbose {
		fmt.Fprintln(&inv.remarks, "nothing changed since an earlier run, whose result this is")
	}
	return doc
}

// remember keeps the document for later runs. A run that cannot write does
// without.
func remember(known *cache.Cache, key cache.ActionID, doc *report.Document) {
	data, err := doc.Encode()
	if err != nil {
		return
	}
	if known.PutBytes(key, data) == nil {
		_ = known.Trim()
	}
}
