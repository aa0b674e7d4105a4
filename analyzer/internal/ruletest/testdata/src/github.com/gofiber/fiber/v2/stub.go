// Package fiber declares the part of Fiber's API that the rules' test cases
// use, with the real signatures.
package fiber

type Ctx struct{ _ int }

func (c *Ctx) Get(key string, defaultValue ...string) string                  { return "" }
func (c *Ctx) Locals(key interface{}, value ...interface{}) (val interface{}) { return nil }
func (c *Ctx) Next() error                                                    { return nil }

type Handler = func(*Ctx) error
