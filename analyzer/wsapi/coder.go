package wsapi

// coder is the maintained path of nhooyr's library, with the same API as far
// as roles go.
var coder = fork(nhooyr, Library{
	Name: "coder", Module: TargetCoder.Path, Path: TargetCoder.Path, Version: TargetCoder.Version,
})
