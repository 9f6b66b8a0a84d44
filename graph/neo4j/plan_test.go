package neo4j_test

import (
	"context"
	"strings"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	server "tsuiseki/fixtures/neo4j"
	"tsuiseki/graph/neo4j"
)

// TestAllVisitsAreNotSorted looks at how the server would read all visits: along an
// index, without keeping them.
func TestAllVisitsAreNotSorted(t *testing.T) {
	ctx, at := context.Background(), server.Shared(t)
	s, err := neo4j.Open(ctx, neo4j.Options{URI: at.URI, User: at.User, Password: at.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d, err := driver.NewDriverWithContext(at.URI, driver.BasicAuth(at.User, at.Password, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(ctx)
	result, err := driver.ExecuteQuery(ctx, d, "EXPLAIN "+neo4j.ReadAllVisits, map[string]any{"rule": "fifo"}, driver.EagerResultTransformer)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	var walk func(p driver.Plan)
	walk = func(p driver.Plan) {
		steps = append(steps, p.Operator())
		for _, child := range p.Children() {
			walk(child)
		}
	}
	walk(result.Summary.Plan())
	plan := strings.Join(steps, " ")
	if strings.Contains(plan, "Sort") || strings.Contains(plan, "Top") || strings.Contains(plan, "Eager") || !strings.Contains(plan, "RelationshipIndex") {
		t.Errorf("the plan is %s, want an index's order and nothing kept", plan)
	}
	t.Log(plan)
}
