package report

// abouts says what each scenario is.
var abouts = map[string]string{
	"echo":      "round trips, one message a connection under way; CPU is of both ends, which are the same library",
	"stream":    "messages in one direction, as fast as they go; CPU is of both ends, which are the same library",
	"broadcast": "one message to all connections, prepared once where the library can; CPU is of both ends, for each delivery",
	"deflate":   "round trips with permessage-deflate without context takeover, of text as programs send it",
	"api":       "round trips by the calls that stream a message or code JSON",
	"idle":      "memory of the server process for each connection, after one message on each, garbage collected",
	"latency":   "open loop: messages are due at fixed times, and the latency counts from then; lateness is the load generator's own",
	"churn":     "connections made, used once and ended; what is kept is the slope over the cycles",
	"reconnect": "the server is killed and started again under load; all clients reconnect by the same code",
	Table:       "what the article's table claims, measured on this machine, beside what it says of gorilla v1.5.3, nhooyr v1.8.11 and gobwas v1.2.0",
	"gc":        "garbage collection during round trips on 100 connections",
}

// About says what a scenario is.
func About(scenario string) string { return abouts[scenario] }
