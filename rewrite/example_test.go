package rewrite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wsmigrate/wsmigrate/rewrite"
)

// What would become of a program, and of which files. Plan.Apply writes it.
func Example() {
	dir, err := filepath.Abs("../testdata/apps/dashboard")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	prog, err := rewrite.Load(ctx, rewrite.Config{Dir: dir, Env: append(os.Environ(), "GOWORK=off")})
	if err != nil {
		fmt.Println(err)
		return
	}
	plan, err := prog.Plan(ctx, rewrite.Options{Fallback: rewrite.FallbackLeave})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range plan.Clusters {
		fmt.Printf("%s: %d sites, %s\n", c.Name, len(c.Sites), c.Outcome)
	}
	for _, c := range plan.Changes {
		fmt.Println(filepath.Base(c.Path))
	}
	// Output:
	// dashboard (server): 13 sites, native
	// dashboard (client): 12 sites, native
	// dashboard.go
	// dashboard_test.go
	// go.mod
	// go.sum
}
