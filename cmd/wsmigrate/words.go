package main

// A word is a reason or a note of the rewriter that belongs to no rule and no
// identifier: what explain says about it.
type word struct {
	name, title, text, byHand string
}

// words lists them. Rules and identifiers explain themselves, in
// rewrite/rules and in the mapping table.
var words = []word{
	{
		"ctx", "which context a converted call gets",
		"gorilla's calls take no context, those of the target do, and the end of a context closes the whole connection. A context or a request in reach is used where it lives as long as the call; otherwise context.Background(), which is what gorilla's calls amounted to. net/http ends a request's context when the handler returns, so a goroutine that outlives the handler does not get it.",
		"Look at what else ends the context: a middleware with a timeout now ends the connection too. -ctx background keeps the conversion strictly as it was, -ctx todo marks the places where no context was in reach.",
	},
	{
		"dependency", "a dependency wants or gives gorilla's types",
		"Code outside of your modules has gorilla's types in its signatures, so the cluster stays on gorilla.",
		"Look for a version of the dependency that moved on, or for another one, and run the report again.",
	},
	{
		"api", "exported signatures name gorilla's types",
		"A package that others may import has gorilla's types in its exported API; converting it would break them.",
		"Run with -api break if you know all that import the package, or if it gets a new major version. Otherwise add functions with types of your own and let the old ones go in time.",
	},
	{
		"load", "the package does not compile",
		"Code that does not type-check cannot be converted for certain, so packages with errors are listed and left alone.",
		"Mend the package, or build it as you normally do: with the tags that -tags names, with generated files in place.",
	},
	{
		"generated", "a generated file is part of the cluster",
		"Files that say they are generated are never edited: the next run of the generator would undo it.",
		"Change the generator or its input, generate again, and run the report.",
	},
	{
		"shim", "the target has no counterpart",
		"An identifier of gorilla that neither the target nor a small helper can stand for keeps its cluster on the drop-in package, whose API has it. The other sites of the cluster wait for this one.",
		"`wsmigrate explain` with the identifier says what to write instead. Or leave the cluster where it is: the drop-in package is meant to be stayed on.",
	},
	{
		"reflect", "reflection or unsafe looks at the value",
		"What a program finds out about a type while it runs cannot be followed, and would be something else with the target's type.",
		"Convert this cluster by hand, or hand reflection a value of your own that holds the connection.",
	},
	{
		"fork", "go.mod replaces gorilla by another module",
		"The rules and the drop-in package follow gorilla itself. What a fork does otherwise is not known, so its clusters stay.",
		"Drop the replacement if what the fork changed is not needed any more, and run the report again.",
	},
	{
		"dot-import", "gorilla is imported with a dot",
		"With a dot import the uses have no package name to change.",
		"Give the import its name, qualify the uses, and run the report again.",
	},
	{
		"cgo", "cgo, unsafe or linkname",
		"What goes through C or around the type system cannot be followed.",
		"Convert this cluster by hand, or keep it on the drop-in package.",
	},
	{
		"verify", "the converted code did not compile",
		"The cluster was converted, the result did not type-check together with the rest, and the conversion was dropped. This is a defect of wsmigrate: nothing wrong was written, but less was converted than could be.",
		"Please report it with the message of the type checker and the lines it names.",
	},
}

// explain writes what is known about the word.
func (w word) explain(e *explainer) {
	e.title(w.name + ": " + w.title)
	e.heading("Why")
	e.prose(w.text)
	e.heading("By hand")
	e.prose(w.byHand)
}
