package wsapi

// compat has gorilla's API; that it serialises concurrent writers is a net
// below the contract and no part of it, so code on compat is held to what
// gorilla demands.
var compat = fork(gorilla, Library{Name: "compat", Module: CompatModule, Path: CompatPath})
