// Package neo4j keeps the case graph in a Neo4j server, or a cluster of them. It
// holds the only Cypher of the project; docs/graph-neo4j.md shows the model.
package neo4j

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	driver "github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"tsuiseki/graph"
)

// Options say how to reach the server.
type Options struct {
	URI            string // neo4j:// for a cluster or a server, bolt:// for one server alone; +s for TLS
	User, Password string
	Database       string // empty for the user's own
}

// Store keeps a graph. It implements graph.Archive.
type Store struct {
	driver    driver.DriverWithContext
	database  string
	bookmarks driver.BookmarkManager

	// tracing is held while traces are written or withdrawn: they share nodes, over
	// which writers would lock each other out.
	tracing sync.Mutex
}

var _ graph.Archive = (*Store)(nil)

const (
	schemaVersion = 2 // 1 was without traces; all that it had is the same
	oldestServer  = 5 // major version: quantified paths and CALL subqueries
)

// Open connects to the server, and creates constraints and indexes where they are
// not there. A graph of an older version is carried on; it refuses one of a newer.
func Open(ctx context.Context, opt Options) (*Store, error) {
	d, err := driver.NewDriverWithContext(opt.URI, driver.BasicAuth(opt.User, opt.Password, ""))
	if err != nil {
		return nil, fmt.Errorf("graph server %q: %w", opt.URI, err)
	}
	s := &Store{driver: d, database: opt.Database, bookmarks: driver.NewBookmarkManager(driver.BookmarkManagerConfig{})}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(explain(opt, err), d.Close(ctx))
	}
	return s, nil
}

// explain says what to do about a server that does not answer as it should.
func explain(opt Options, err error) error {
	var refused *driver.Neo4jError
	switch {
	case errors.As(err, &refused) && strings.HasPrefix(refused.Code, "Neo.ClientError.Security."):
		return fmt.Errorf("the graph server %s refuses user %q: check TSUISEKI_GRAPH_USER and TSUISEKI_GRAPH_PASSWORD: %w", opt.URI, opt.User, err)
	case driver.IsConnectivityError(err):
		return fmt.Errorf("the graph server %s cannot be reached: is it running, and is TSUISEKI_GRAPH right? %w", opt.URI, err)
	}
	return fmt.Errorf("graph server %s: %w", opt.URI, err)
}

// prepare checks the server and the graph's version.
func (s *Store) prepare(ctx context.Context) error {
	if err := s.driver.VerifyConnectivity(ctx); err != nil {
		return err
	}
	info, err := s.driver.GetServerInfo(ctx)
	if err != nil {
		return err
	}
	_, version, _ := strings.Cut(info.Agent(), "/")
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldestServer {
		return fmt.Errorf("it runs %s: Neo4j %d or newer is needed", info.Agent(), oldestServer)
	}
	stated := func(r *driver.Record) (int64, error) { return field[int64](r, "version") }
	found, err := read(ctx, s, `MATCH (s:Schema {name: 'tsuiseki'}) RETURN s.version AS version`, nil, driver.AccessModeRead, stated)
	if err != nil || len(found) == 1 && found[0] == schemaVersion {
		return err
	}
	if len(found) > 1 || len(found) == 1 && (found[0] < 1 || found[0] > schemaVersion) {
		return fmt.Errorf("its graph has version %v, this program reads %d: empty the database, and it is filled again from the indexes", found, schemaVersion)
	}
	for _, statement := range schema {
		if err := s.write(ctx, statement, nil); err != nil {
			return err
		}
	}
	// Last, so that what was begun and stopped is made again.
	return s.write(ctx, `MERGE (s:Schema {name: 'tsuiseki'}) SET s.version = $version`, map[string]any{"version": schemaVersion})
}

var schema = []string{
	`CREATE CONSTRAINT address IF NOT EXISTS FOR (a:Address) REQUIRE a.key IS UNIQUE`,
	`CREATE CONSTRAINT transaction IF NOT EXISTS FOR (x:Transaction) REQUIRE x.place IS UNIQUE`,
	`CREATE CONSTRAINT transfer IF NOT EXISTS FOR (t:Transfer) REQUIRE t.place IS UNIQUE`,
	`CREATE CONSTRAINT output IF NOT EXISTS FOR (o:Output) REQUIRE o.outpoint IS UNIQUE`,
	`CREATE CONSTRAINT anchor IF NOT EXISTS FOR (a:Anchor) REQUIRE a.key IS UNIQUE`,
	`CREATE CONSTRAINT schema IF NOT EXISTS FOR (s:Schema) REQUIRE s.name IS UNIQUE`,
	`CREATE CONSTRAINT traced_case IF NOT EXISTS FOR (c:Case) REQUIRE c.id IS UNIQUE`,
	`CREATE CONSTRAINT trace IF NOT EXISTS FOR (t:Trace) REQUIRE (t.case, t.rule) IS UNIQUE`,
	`CREATE CONSTRAINT partial IF NOT EXISTS FOR (p:Partial) REQUIRE p.id IS UNIQUE`,
	`CREATE CONSTRAINT deposit IF NOT EXISTS FOR (d:Deposit) REQUIRE d.key IS UNIQUE`,
	`CREATE CONSTRAINT entity IF NOT EXISTS FOR (e:Entity) REQUIRE e.key IS UNIQUE`,
	`CREATE CONSTRAINT member IF NOT EXISTS FOR (m:Member) REQUIRE m.key IS UNIQUE`,
	`CREATE CONSTRAINT label IF NOT EXISTS FOR (l:Label) REQUIRE l.key IS UNIQUE`,
	`CREATE INDEX partial_of IF NOT EXISTS FOR (p:Partial) ON (p.case, p.rule)`,
	`CREATE INDEX deposit_place IF NOT EXISTS FOR (d:Deposit) ON (d.place)`,
	`CREATE INDEX hop_place IF NOT EXISTS FOR (h:Hop) ON (h.place)`,
	`CREATE INDEX visit IF NOT EXISTS FOR ()-[v:CAME_TO]-() ON (v.rule, v.chain, v.address, v.case, v.deposit, v.asset)`,
	`CREATE INDEX transaction_height IF NOT EXISTS FOR (x:Transaction) ON (x.chain, x.height)`,
	`CREATE INDEX address_whole IF NOT EXISTS FOR (a:Address) ON (a.chain, a.whole)`,
	`CREATE INDEX anchor_height IF NOT EXISTS FOR (a:Anchor) ON (a.chain, a.height)`,
	`CALL db.awaitIndexes(300)`,
}

// Close implements graph.Store.
func (s *Store) Close() error { return s.driver.Close(context.Background()) }

// session is one that sees all that this store has written.
func (s *Store) session(ctx context.Context, mode driver.AccessMode) driver.SessionWithContext {
	return s.driver.NewSession(ctx, driver.SessionConfig{DatabaseName: s.database, BookmarkManager: s.bookmarks, AccessMode: mode})
}

// write runs statements in one transaction, again where it failed for a moment.
func (s *Store) write(ctx context.Context, statement string, params map[string]any) error {
	return s.writeAll(ctx, []query{{cypher: statement, params: params}})
}

// query is a statement with its parameters.
type query struct {
	cypher string
	params map[string]any
	// answer, where it is set, gets the rows; an error takes the transaction back.
	answer func([]*driver.Record) error
}

func (s *Store) writeAll(ctx context.Context, queries []query) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	session := s.session(ctx, driver.AccessModeWrite)
	defer func() { err = errors.Join(err, session.Close(ctx)) }()
	_, err = session.ExecuteWrite(ctx, func(tx driver.ManagedTransaction) (any, error) {
		for _, q := range queries {
			result, err := tx.Run(ctx, q.cypher, q.params)
			if err != nil {
				return nil, err
			}
			all, err := result.Collect(ctx)
			if err == nil && q.answer != nil {
				err = q.answer(all)
			}
			if err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return err
}

// read runs a statement and converts its rows.
func read[T any](ctx context.Context, s *Store, cypher string, params map[string]any, mode driver.AccessMode, row func(*driver.Record) (T, error)) (all []T, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	session := s.session(ctx, mode)
	defer func() { err = errors.Join(err, session.Close(ctx)) }()
	execute := session.ExecuteRead
	if mode == driver.AccessModeWrite {
		execute = session.ExecuteWrite
	}
	_, err = execute(ctx, func(tx driver.ManagedTransaction) (any, error) {
		all = nil
		result, err := tx.Run(ctx, cypher, params)
		if err != nil {
			return nil, err
		}
		for result.Next(ctx) {
			v, err := row(result.Record())
			if err != nil {
				return nil, err
			}
			all = append(all, v)
		}
		return nil, result.Err()
	})
	return all, err
}
