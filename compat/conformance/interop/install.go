package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// scripts has what is not Go: programs, pages, configurations and the list of
// npm packages.
//
//go:embed scripts
var scripts embed.FS

const (
	nodeProgram   = "node"
	pythonProgram = "/usr/bin/python3" // Debian's, whose packages no other has
)

// A requirement is something that has to be on the machine.
type requirement struct {
	name   string
	debian []string // packages that bring it
	// version returns the version that is there. modules is the folder of the
	// npm packages.
	version func(modules string) (string, error)
}

var (
	chromiumBrowser  = &requirement{"Chromium", []string{"chromium"}, ask(`Chromium ([\d.]+)`, "chromium", "--version")}
	nginxProxy       = &requirement{"nginx", []string{"nginx-light"}, ask(`nginx/([\d.]+)`, "nginx", "-v")}
	haproxyProxy     = &requirement{"haproxy", []string{"haproxy"}, ask(`version ([\d.]+)`, "haproxy", "-v")}
	nodeRuntime      = &requirement{"Node.js", []string{"nodejs", "npm"}, nodeVersion}
	npmPackages      = &requirement{"npm packages", nil, npmVersions}
	pythonWebsockets = pythonPackage("websockets")
	pythonAiohttp    = pythonPackage("aiohttp")
	pythonWebsocket  = pythonPackage("websocket")
)

// ask returns a function that runs a program and looks for its version in what
// it says.
func ask(pattern, name string, args ...string) func(string) (string, error) {
	return func(string) (string, error) {
		path, err := findDaemon(name)
		if err != nil {
			return "", err
		}
		out, err := exec.Command(path, args...).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("run %s: %w", name, err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(out)
		if found == nil {
			return "", fmt.Errorf("run %s: no version in %q", name, out)
		}
		return string(found[1]), nil
	}
}

func pythonPackage(module string) *requirement {
	name := "python3-" + module
	return &requirement{name, []string{name}, ask(`([\d.]+)`, pythonProgram, "-c", "import "+module+"; print("+module+".__version__)")}
}

// oldestNode is the oldest that undici runs on.
const oldestNodeMajor, oldestNodeMinor = 20, 18

func nodeVersion(string) (string, error) {
	version, err := ask(`v([\d.]+)`, nodeProgram, "--version")("")
	if err != nil {
		return "", err
	}
	var major, minor int
	fmt.Sscanf(version, "%d.%d", &major, &minor)
	if major < oldestNodeMajor || major == oldestNodeMajor && minor < oldestNodeMinor {
		return "", fmt.Errorf("version %s is too old, %d.%d is needed", version, oldestNodeMajor, oldestNodeMinor)
	}
	return version, nil
}

// npmVersions returns the versions of the npm packages, which have to be those
// of the list.
func npmVersions(modules string) (string, error) {
	var list struct{ Dependencies map[string]string }
	data, err := scripts.ReadFile("scripts/package.json")
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return "", err
	}
	var found []string
	for name, want := range list.Dependencies {
		var manifest struct{ Version string }
		data, err := os.ReadFile(filepath.Join(modules, "node_modules", name, "package.json"))
		if err != nil {
			return "", fmt.Errorf("%s is not installed", name)
		}
		if err := json.Unmarshal(data, &manifest); err != nil || manifest.Version != want {
			return "", fmt.Errorf("%s is there in version %q, not %s", name, manifest.Version, want)
		}
		found = append(found, name+" "+want)
	}
	slices.Sort(found)
	return strings.Join(found, ", "), nil
}

// modulesDir returns the folder of the npm packages. It changes with their
// list.
func modulesDir() (string, error) {
	lock, err := scripts.ReadFile("scripts/package-lock.json")
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	sum := sha256.Sum256(lock)
	return filepath.Join(cache, "wsmigrate-interop", hex.EncodeToString(sum[:4])), nil
}

// missing returns the requirements that are not met, each with the reason.
func missing(needs []*requirement, modules string) map[*requirement]error {
	lacks := map[*requirement]error{}
	for _, r := range needs {
		if _, err := r.version(modules); err != nil {
			lacks[r] = err
		}
	}
	return lacks
}

// install installs what is missing: Debian's packages with apt-get, which only
// root can, and the npm packages into their folder.
func install(ctx context.Context, lacks map[*requirement]error, modules string, say func(string, ...any)) error {
	var packages []string
	npm := false
	for r := range lacks {
		packages = append(packages, r.debian...)
		npm = npm || r == npmPackages
	}
	if len(packages) > 0 {
		slices.Sort(packages)
		if err := installDebian(ctx, packages, say); err != nil {
			return err
		}
	}
	if npm {
		return installNPM(ctx, modules, say)
	}
	return nil
}

// policyFile keeps packages from starting daemons when they are installed: its
// exit status is the answer to whether they may.
const policyFile = "/usr/sbin/policy-rc.d"

func installDebian(ctx context.Context, packages []string, say func(string, ...any)) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return errors.New("install packages: there is no apt-get on this system")
	}
	if os.Geteuid() != 0 {
		return errors.New("install packages: apt-get needs root")
	}
	policy, err := os.OpenFile(policyFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	switch {
	case err == nil:
		defer os.Remove(policyFile)
		_, err := policy.WriteString("#!/bin/sh\nexit 101\n")
		if err := errors.Join(err, policy.Close()); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	say("apt-get install %s", strings.Join(packages, " "))
	if err := run(ctx, "", "apt-get", "update"); err != nil {
		return err
	}
	return run(ctx, "", "apt-get", append([]string{"install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"}, packages...)...)
}

func installNPM(ctx context.Context, modules string, say func(string, ...any)) error {
	say("npm ci in %s", modules)
	if err := os.MkdirAll(modules, 0o755); err != nil {
		return err
	}
	for _, name := range []string{"package.json", "package-lock.json"} {
		data, err := scripts.ReadFile("scripts/" + name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(modules, name), data, 0o644); err != nil {
			return err
		}
	}
	return run(ctx, modules, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
}

// run runs a program, which speaks only when it fails.
func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("run %s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
