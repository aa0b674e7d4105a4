// Package source type-checks packages from source, at the price of what they
// are asked for. A package that is looked at is checked whole. Of those that it
// imports only what others can see is: functions lose their bodies, unexported
// declarations go unless a type needs them, and with them go the imports that
// only they used. That takes a fraction of the time of checking everything, and
// the compiler, which would have to write export data first, is never run.
//
// What is left out cannot be seen from outside, so a package that type-checks
// here does with the compiler, and the other way round. Should one not, the
// caller can have the whole tree checked by golang.org/x/tools/go/packages.
package source
