package main

import (
	"testing"

	"tsuiseki/chains/chaintest"
	"tsuiseki/fixtures/neo4j"
)

// graphServer is an empty Neo4j whose user and password the commands know.
func graphServer(t *testing.T) *neo4j.Server {
	t.Helper()
	server := neo4j.Shared(t)
	t.Setenv("TSUISEKI_GRAPH_USER", server.User)
	t.Setenv("TSUISEKI_GRAPH_PASSWORD", server.Password)
	return server
}

// TestGraphsAgree asks both stores of the graph the same of the real early chain,
// copies the one into the other, and asks again.
func TestGraphsAgree(t *testing.T) {
	server, data := graphServer(t), t.TempDir()
	command(t, "index", "bitcoin", "--blocks", chaintest.EarlyChain(t), "--data", data)
	questions := [][]string{
		{"12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs"},
		{"12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs", "--k", "3", "--by", "time"},
		{"1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"},
		{"12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "1BBz9Z15YpELQ4QP5sEKb1SwxkcmPb5TMs", "--hub-degree", "2"},
	}
	agree := func(t *testing.T) {
		t.Helper()
		for _, q := range questions {
			ask := append([]string{"path", "--json", "--data", data}, q...)
			if here, there := command(t, ask...), command(t, append(ask, "--graph", server.URI)...); here != there {
				t.Errorf("%v: embedded %s\nNeo4j %s", q, here, there)
			}
		}
	}
	agree(t)
	server.Empty(t)
	var copied []copiedDoc
	unmarshal(t, command(t, "graph", "copy", "embedded", server.URI, "--json", "--data", data), &copied)
	if len(copied) != 1 || !copied[0].Same || copied[0].Transactions == 0 {
		t.Errorf("copied %+v", copied)
	}
	agree(t)
	other := t.TempDir()
	unmarshal(t, command(t, "graph", "copy", server.URI, "embedded", "--json", "--data", other), &copied)
	if len(copied) != 1 || !copied[0].Same {
		t.Errorf("copied back %+v", copied)
	}
}
