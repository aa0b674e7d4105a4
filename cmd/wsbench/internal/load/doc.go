// Package load is what runs inside of a worker process: pairs of server and
// clients of one library, servers alone, clients that cost as little as
// possible, and the meters. [Handlers] lists what a worker can be asked.
package load
