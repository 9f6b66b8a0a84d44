package neo4j

// ReadAllVisits is for a test that looks at its plan.
const ReadAllVisits = readAllVisits
