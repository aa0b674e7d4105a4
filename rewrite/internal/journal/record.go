package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// version is the format of journal.json. It grows with every change that an
// older wsmigrate would misread.
const version = 1

const journalName = folder + "/journal.json"

// A record is the content of journal.json.
type record struct {
	Version int    `json:"version"`
	Runs    []*run `json:"runs"` // oldest first
}

// A phase is how far a run got. Only the newest can be at anything but done.
type phase string

const (
	pending phase = "pending" // files have old or new bytes
	done    phase = "done"    // files have new bytes
	undoing phase = "undoing" // files have old or new bytes
	undone  phase = "undone"  // files have old bytes; the run is to be forgotten
)

// A run is one set of changes.
type run struct {
	Tag   string   `json:"tag"` // part of the staged files' names
	State phase    `json:"state"`
	Dirs  []string `json:"dirs,omitempty"` // folders it made, outermost first
	Files []file   `json:"files"`
}

// A file is one change of a run. Absent contents have an empty hash.
type file struct {
	Path string `json:"path"` // relative to the root, free of links, with slashes
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
	// Mode and Owner are those of the old file.
	Mode  uint32 `json:"mode,omitempty"`
	Owner *owner `json:"owner,omitempty"`
	// Clean says that git knew every byte of the old file, or that a run
	// whose own record is clean wrote it: so the new file holds no change of
	// the user's that git lacks.
	Clean bool `json:"clean,omitempty"`
}

// An owner is a file's user and group on Unix.
type owner struct {
	UID int `json:"uid"`
	GID int `json:"gid"`
}

// Names of the staged new and former file, in the folder of the target. They
// do not grow with the target's name, which may be as long as the system
// allows.
func (r *run) staged(i int) string { return r.beside(i, "new") }
func (r *run) former(i int) string { return r.beside(i, "old") }

func (r *run) beside(i int, what string) string {
	return path.Join(path.Dir(r.Files[i].Path), fmt.Sprintf(".wsmigrate-%s-%d-%s", r.Tag, i, what))
}

func (r *run) paths() []string {
	var out []string
	for _, f := range r.Files {
		out = append(out, f.Path)
	}
	return out
}

func (s *store) newest() *run {
	if n := len(s.log.Runs); n > 0 {
		return s.log.Runs[n-1]
	}
	return nil
}

// load reads journal.json.
func (s *store) load() error {
	shown := filepath.Join(s.given, filepath.FromSlash(journalName))
	data, err := s.sys.ReadFile(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		s.log = record{Version: version}
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	var head struct{ Version int }
	if err := json.Unmarshal(data, &head); err == nil && head.Version > version {
		return &Refusal{
			Reason: fmt.Sprintf("%s was written by a newer wsmigrate (format %d, this one knows %d)", shown, head.Version, version),
			Help:   "use that version",
		}
	}
	var log record
	err = json.Unmarshal(data, &log)
	if err == nil {
		err = log.validate()
	}
	if err != nil {
		return &Refusal{
			Reason: fmt.Sprintf("%s is damaged (%v)", shown, err),
			Help:   "remove the folder " + filepath.Join(s.given, folder) + " to go on without the possibility to undo",
		}
	}
	s.log = log
	return nil
}

var (
	hashForm = regexp.MustCompile(`^([0-9a-f]{64})?$`)
	tagForm  = regexp.MustCompile(`^[0-9a-z]{1,32}$`)
)

// validate refuses what this package cannot have written: the file may have
// come with somebody else's tree.
func (l *record) validate() error {
	if l.Version < 1 {
		return errors.New("no format version")
	}
	for i, r := range l.Runs {
		if r == nil || !tagForm.MatchString(r.Tag) {
			return fmt.Errorf("run %d has no proper tag", i)
		}
		switch r.State {
		case done:
		case pending, undoing, undone:
			if i < len(l.Runs)-1 {
				return fmt.Errorf("run %d is %s and not the newest", i, r.State)
			}
		default:
			return fmt.Errorf("run %d has the unknown state %q", i, r.State)
		}
		for _, d := range r.Dirs {
			if !proper(d) {
				return fmt.Errorf("improper path %q", d)
			}
		}
		for _, f := range r.Files {
			if !proper(f.Path) {
				return fmt.Errorf("improper path %q", f.Path)
			}
			if !hashForm.MatchString(f.Old) || !hashForm.MatchString(f.New) {
				return fmt.Errorf("improper hash at %s", f.Path)
			}
		}
	}
	return nil
}

// proper reports whether a run may write name.
func proper(name string) bool {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) {
		return false
	}
	for elem := range strings.SplitSeq(name, "/") {
		if elem == folder || strings.EqualFold(elem, ".git") {
			return false
		}
	}
	return true
}

// save writes journal.json.
func (s *store) save() error {
	data, err := json.MarshalIndent(s.log, "", "\t")
	if err == nil {
		err = s.replace(journalName, append(data, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(s.given, filepath.FromSlash(journalName)), cause(err))
	}
	return nil
}

// saveSynced writes journal.json and returns when it would survive a loss of
// power.
func (s *store) saveSynced() error {
	if err := s.save(); err != nil {
		return err
	}
	for _, dir := range []string{objectsName, folder, "."} {
		if err := s.sys.SyncDir(dir); err != nil {
			return fmt.Errorf("sync the journal: %w", cause(err))
		}
	}
	return nil
}

// saveObject keeps a file's former bytes.
func (s *store) saveObject(c content, tag string) error {
	if !c.exists {
		return nil
	}
	name := path.Join(objectsName, c.hash())
	if _, err := s.sys.Lstat(name); err == nil {
		return nil // complete, because it came by a rename
	}
	temp := path.Join(objectsName, tag+unfinished)
	if err := s.writeFile(temp, c.data, 0o666, nil); err != nil {
		_ = s.sys.Remove(temp)
		return cause(err)
	}
	return cause(s.sys.Rename(temp, name))
}

// object returns former bytes by their hash.
func (s *store) object(hash string) (content, error) {
	if hash == "" {
		return content{}, nil
	}
	data, err := s.sys.ReadFile(path.Join(objectsName, hash))
	if err != nil {
		return content{}, err
	}
	c := content{data: data, exists: true}
	if c.hash() != hash {
		return content{}, errors.New("the saved bytes are damaged")
	}
	return c, nil
}

// content is what a file holds, or its absence.
type content struct {
	data   []byte
	exists bool
}

// hash returns the SHA-256 in hexadecimal, "" for an absent file.
func (c content) hash() string {
	if !c.exists {
		return ""
	}
	sum := sha256.Sum256(c.data)
	return hex.EncodeToString(sum[:])
}
