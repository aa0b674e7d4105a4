//go:build unix

package journal

import (
	"io/fs"
	"syscall"
)

func ownerOf(info fs.FileInfo) *owner {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return &owner{UID: int(st.Uid), GID: int(st.Gid)}
	}
	return nil
}
