// Package rewrite moves Go code from github.com/gorilla/websocket (or from
// this project's compat package) to nhooyr.io/websocket or
// github.com/coder/websocket.
//
// The work goes through four stages. Load type-checks a tree of modules in
// every build configuration that matters. Plan groups the uses of gorilla
// into clusters (the sets of sites whose types must change together), asks
// the rules for the edits of each site, and decides for each cluster whether
// it becomes native, native with helpers, stays on compat ("shim") or must
// stay on gorilla ("pinned"). The plan is then verified: the edited files,
// go.mod and go.sum are type-checked together as an overlay and must show the
// same packages as before with no error; a cluster that fails is demoted.
// Apply writes a verified plan to disk, all or nothing, with a journal that
// Undo takes back.
//
// Nothing below this package prints, exits, colours or reads the
// environment: what the go command needs comes in Config.Env.
package rewrite
