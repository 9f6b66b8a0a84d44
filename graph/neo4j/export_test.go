package neo4j

// ReadAllVisits is for a test that looks at its plan.
const ReadAllVisits = readAllVisits

// StageAtOnce has traces written in smaller transactions than a server needs, so that
// a test need not write large ones.
func (s *Store) StageAtOnce(rows int) { s.staged = rows }
