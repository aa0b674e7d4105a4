package wsapi

import "slices"

// A Kind is the kind of a gorilla identifier.
type Kind string

// Kinds of identifiers.
const (
	Const  Kind = "const"
	Var    Kind = "var"
	Type   Kind = "type"
	Field  Kind = "field"
	Method Kind = "method"
	Fn     Kind = "func"
)

// A Verdict says how the rewriter treats an identifier's uses.
type Verdict string

// Verdicts, from best to worst.
const (
	Auto        Verdict = "auto"        // always converted
	Conditional Verdict = "conditional" // converted where a stated condition is proved
	WithHelper  Verdict = "helper"      // converted with a small generated function
	OnShim      Verdict = "shim"        // has no counterpart: the cluster stays on compat
)

// A Fidelity says how close the counterpart is.
type Fidelity string

// Fidelities, from closest to none.
const (
	Same         Fidelity = "same"    // another name at most
	ContextAdded Fidelity = "context" // the same with a context
	Reshaped     Fidelity = "reshaped"
	NoEquivalent Fidelity = "none" // exists in compat only
)

// A Mapping is one row of the migration table: what an exported identifier of
// gorilla becomes. Texts say "the target" where nhooyr and coder are alike.
type Mapping struct {
	From Symbol
	Kind Kind
	// Nhooyr and Coder name the counterparts in the target's module, such as
	// "Conn.Read" or "wsjson.Write"; several are used together, none means
	// there is no counterpart. In the literals below, a row without Coder has
	// the same counterparts there as in nhooyr.
	Nhooyr, Coder []Symbol
	// Std names what of the standard library takes the identifier's place,
	// beside the counterparts or instead of them: "net/http.Client.Jar".
	Std      []string
	Fidelity Fidelity
	// Verdict holds for nhooyr, and for coder where CoderVerdict is empty.
	Verdict, CoderVerdict Verdict
	// Rule is the rewrite rule that handles the identifier; empty where none
	// does.
	Rule string
	// Note is one sentence: what differs, on the wire or in behaviour.
	Note string
	// ByHand is the recipe for those who convert a use themselves, one to
	// three sentences.
	ByHand string
	// Before and After are statements that type-check inside the body of a
	// function that returns an error and has these variables: c the
	// connection, ctx, w and r of a handler, err, p []byte, mt int, v any,
	// h http.Header, url and s string, n int64, d time.Duration, nc net.Conn
	// and resp *http.Response. After is a person's conversion where the
	// verdict is OnShim, and empty where there is none to show.
	Before, After string
	// AfterCoder stands in for After where coder offers something else.
	AfterCoder string
}

// To returns the counterparts in the target's module.
func (m Mapping) To(t Target) []Symbol {
	if t.Name == TargetCoder.Name {
		return m.Coder
	}
	return m.Nhooyr
}

// VerdictFor returns the verdict for the target.
func (m Mapping) VerdictFor(t Target) Verdict {
	if t.Name == TargetCoder.Name && m.CoderVerdict != "" {
		return m.CoderVerdict
	}
	return m.Verdict
}

// AfterFor returns the statements that replace Before on the target.
func (m Mapping) AfterFor(t Target) string {
	if t.Name == TargetCoder.Name && m.AfterCoder != "" {
		return m.AfterCoder
	}
	return m.After
}

// A Target is a library that code is rewritten to.
type Target struct {
	Name      string // "nhooyr" or "coder"
	Path      string // import path, also the module path
	Version   string
	GoVersion string // the least go line the module asks for
}

// The two targets.
var (
	TargetNhooyr = Target{Name: "nhooyr", Path: "nhooyr.io/websocket", Version: "v1.8.17", GoVersion: "1.19"}
	TargetCoder  = Target{Name: "coder", Path: "github.com/coder/websocket", Version: "v1.8.15", GoVersion: "1.23"}
)

// Paths of the libraries that migration starts from.
const (
	GorillaPath   = "github.com/gorilla/websocket"
	CompatPath    = "github.com/wsmigrate/wsmigrate/compat/websocket"
	CompatModule  = "github.com/wsmigrate/wsmigrate/compat"
	GorillaModule = GorillaPath
)

// Mappings returns the whole table, one row an identifier, in the order that
// documentation shows it.
func Mappings() []Mapping { return slices.Clone(mappings) }

// MappingOf returns the row of a gorilla identifier.
func MappingOf(s Symbol) (Mapping, bool) {
	i, ok := mappingIndex[s]
	if !ok {
		return Mapping{}, false
	}
	return mappings[i], true
}

// A Section is a part of the table with rows that belong together.
type Section struct {
	Title string
	Rows  []Mapping
}

// Sections returns the table in its parts; joined they are Mappings.
func Sections() []Section { return slices.Clone(sections) }

var sections = func() []Section {
	parts := []Section{
		{"Connection", connMappings},
		{"Messages", messageMappings},
		{"Closing and errors", closeMappings},
		{"Server", upgraderMappings},
		{"Client", dialerMappings},
	}
	for _, part := range parts {
		for i := range part.Rows {
			if row := &part.Rows[i]; row.Coder == nil {
				row.Coder = row.Nhooyr
			}
		}
	}
	return parts
}()

var mappings = func() []Mapping {
	var all []Mapping
	for _, part := range sections {
		all = append(all, part.Rows...)
	}
	return all
}()

var mappingIndex = func() map[Symbol]int {
	m := make(map[Symbol]int, len(mappings))
	for i := range mappings {
		m[mappings[i].From] = i
	}
	return m
}()
