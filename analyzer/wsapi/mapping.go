package wsapi

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
// gorilla becomes.
type Mapping struct {
	From Symbol
	Kind Kind
	// Nhooyr and Coder name the counterparts in the target's module, such as
	// "Conn.Read" or "wsjson.Write"; several are used together, none means
	// there is no counterpart.
	Nhooyr, Coder []Symbol
	Fidelity      Fidelity
	Verdict       Verdict
	// Rule is the rewrite rule that handles the identifier; empty where none
	// does.
	Rule string
	// Note is one sentence: what differs, on the wire or in behaviour.
	Note string
	// ByHand is the recipe for those who convert a use themselves, one to
	// three sentences.
	ByHand string
	// Before and After are statements that type-check inside a function with
	// the variables that the table's test declares.
	Before, After string
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
func Mappings() []Mapping { return mappings }

// MappingOf returns the row of a gorilla identifier.
func MappingOf(s Symbol) (Mapping, bool) {
	for _, m := range mappings {
		if m.From == s {
			return m, true
		}
	}
	return Mapping{}, false
}
