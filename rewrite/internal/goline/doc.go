// Package goline tells what a module's code means differently under a newer
// go line: the loops whose variables become new ones in each iteration at go
// 1.22, and the GODEBUG settings that the go line implies.
package goline
