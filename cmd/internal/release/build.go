package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// platforms are the systems that binaries are published for.
var platforms = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// build makes the binaries of a tagged version in the folder out, and the file
// of their checksums. The same commit and the same Go release give the same
// bytes, wherever that happens.
func (r *repository) build(ctx context.Context, version, out string, platforms []string, stdout io.Writer) error {
	tmp, err := os.MkdirTemp("", "wsmigrate-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	clone := filepath.Join(tmp, "clone")
	if _, err := r.git(ctx, "clone", "-q", "--branch", version, "-c", "advice.detachedHead=false", ".", clone); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range platforms {
		goos, goarch, _ := strings.Cut(p, "/")
		name := fmt.Sprintf("wsmigrate_%s_%s_%s", version, goos, goarch)
		if goos == "windows" {
			name += ".exe"
		}
		path := filepath.Join(out, name)
		// The go command takes the version from the tag.
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-o", path, "./cmd/wsmigrate")
		cmd.Dir = clone
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOAMD64=", "GOARM64=", "GOEXPERIMENT=")
		if _, err := output(cmd); err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	if _, err := io.WriteString(stdout, sums.String()); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o666)
}
