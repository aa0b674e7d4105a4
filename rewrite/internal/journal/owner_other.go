//go:build !unix

package journal

import "io/fs"

func ownerOf(fs.FileInfo) *owner { return nil }
