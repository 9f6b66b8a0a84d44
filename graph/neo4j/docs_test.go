package neo4j_test

import (
	"context"
	"os"
	"strings"
	"testing"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	server "tsuiseki/fixtures/neo4j"
	"tsuiseki/graph/neo4j"
)

// TestDocumentedQueries asks what the documentation tells people to ask. A query with
// a name that the graph does not have would be answered, with a warning.
func TestDocumentedQueries(t *testing.T) {
	text, err := os.ReadFile("../../docs/graph.md")
	if err != nil {
		t.Fatal(err)
	}
	ctx, at := context.Background(), server.Shared(t)
	s, err := neo4j.Open(ctx, neo4j.Options{URI: at.URI, User: at.User, Password: at.Password})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Write(ctx, batchOfEach(t)); err != nil {
		t.Fatal(err)
	}
	d, err := driver.NewDriverWithContext(at.URI, driver.BasicAuth(at.User, at.Password, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(ctx)
	// What stands for any address and any source in the text is one of the graph.
	some := strings.NewReplacer("0x…", string(batchOfEach(t).Traces[12].Deposits[0].To), "'…'", "'tagpack'")
	asked, answered := 0, 0
	for paragraph := range strings.SplitSeq(string(text), "\n\n") {
		if !strings.HasPrefix(paragraph, "    MATCH") {
			continue
		}
		asked++
		result, err := driver.ExecuteQuery(ctx, d, some.Replace(paragraph), nil, driver.EagerResultTransformer)
		if err != nil {
			t.Errorf("%s\n%v", paragraph, err)
			continue
		}
		if len(result.Records) > 0 {
			answered++
		}
		for _, n := range result.Summary.Notifications() {
			t.Errorf("%s\n%s: %s", paragraph, n.Code(), n.Description())
		}
	}
	if asked < 7 || answered < asked-1 { // the coin of that name is none of the graph's
		t.Errorf("only %d queries were found, of which %d have an answer", asked, answered)
	}
}

// TestOtherVersion refuses a graph that another version of the program made.
func TestOtherVersion(t *testing.T) {
	ctx, at := context.Background(), server.Shared(t)
	opt := neo4j.Options{URI: at.URI, User: at.User, Password: at.Password}
	s, err := neo4j.Open(ctx, opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	d, err := driver.NewDriverWithContext(at.URI, driver.BasicAuth(at.User, at.Password, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(ctx)
	if _, err := driver.ExecuteQuery(ctx, d, "MATCH (s:Schema) SET s.version = 99", nil, driver.EagerResultTransformer); err != nil {
		t.Fatal(err)
	}
	if _, err := neo4j.Open(ctx, opt); err == nil || !strings.Contains(err.Error(), "version [99]") {
		t.Errorf("opening another version: %v", err)
	}
}
