-- One schema for SQLite and PostgreSQL: only types and clauses that both know.
-- Times are microseconds since 1970 in UTC, 0 for never; amounts are decimal text.
-- Ids are random, so that none tells of another. A row with a withdrawn time counts
-- no more; none is deleted.

-- +goose Up
CREATE TABLE users (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    role             TEXT NOT NULL,
    prefecture       TEXT NOT NULL,
    password_hash    TEXT NOT NULL,
    version          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    updated          BIGINT NOT NULL,
    updated_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL
);

CREATE TABLE cases (
    id               TEXT PRIMARY KEY,
    number           TEXT NOT NULL,
    title            TEXT NOT NULL,
    prefecture       TEXT NOT NULL,
    station          TEXT NOT NULL,
    officer          TEXT NOT NULL,
    contact          TEXT NOT NULL,
    scheme           TEXT NOT NULL,
    status           TEXT NOT NULL,
    search           TEXT NOT NULL,
    version          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    updated          BIGINT NOT NULL,
    updated_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX cases_number ON cases (prefecture, number) WHERE number <> '' AND withdrawn = 0;
CREATE INDEX cases_time ON cases (created, id);

-- Replaced states of cases, deposits, links and users: what an update overwrote.
CREATE TABLE revisions (
    resource TEXT NOT NULL,
    version  BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (resource, version)
);

-- Contents by their SHA-256, each stored once; encoding is identity or gzip.
CREATE TABLE contents (
    sha256   TEXT PRIMARY KEY,
    size     BIGINT NOT NULL,
    encoding TEXT NOT NULL
);
CREATE TABLE content_parts (
    sha256 TEXT NOT NULL REFERENCES contents (sha256),
    part   BIGINT NOT NULL,
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (sha256, part)
);

CREATE TABLE uploads (
    id               TEXT PRIMARY KEY,
    case_id          TEXT NOT NULL REFERENCES cases (id),
    sha256           TEXT NOT NULL REFERENCES contents (sha256),
    name             TEXT NOT NULL,
    size             BIGINT NOT NULL,
    attempt          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL,
    UNIQUE (case_id, sha256)
);
CREATE INDEX uploads_time ON uploads (case_id, created, id);

-- Rows of an upload that became no deposits, per attempt to read it.
CREATE TABLE rejects (
    upload_id  TEXT NOT NULL REFERENCES uploads (id),
    attempt    BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    field      TEXT NOT NULL,
    code       TEXT NOT NULL,
    raw        TEXT NOT NULL,
    normalised TEXT NOT NULL,
    reason     TEXT NOT NULL,
    reason_ja  TEXT NOT NULL,
    suggestion TEXT NOT NULL,
    PRIMARY KEY (upload_id, attempt, line, field, code)
);

CREATE TABLE deposits (
    id               TEXT PRIMARY KEY,
    case_id          TEXT NOT NULL REFERENCES cases (id),
    chain            TEXT NOT NULL,
    tx               TEXT NOT NULL,
    kind             TEXT NOT NULL,
    idx              BIGINT NOT NULL,
    address          TEXT NOT NULL,
    asset            TEXT NOT NULL,
    amount           TEXT NOT NULL,
    time             BIGINT NOT NULL,
    note             TEXT NOT NULL,
    yen              TEXT NOT NULL,
    receipt          TEXT NOT NULL,
    victim           TEXT NOT NULL,
    upload_id        TEXT REFERENCES uploads (id),
    line             BIGINT NOT NULL,
    test             BOOLEAN NOT NULL,
    refund           BOOLEAN NOT NULL,
    version          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    updated          BIGINT NOT NULL,
    updated_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL,
    UNIQUE (case_id, chain, tx, kind, idx)
);
CREATE INDEX deposits_order ON deposits (created, line, id);
CREATE INDEX deposits_case ON deposits (case_id, created, line, id);
CREATE INDEX deposits_tx ON deposits (tx);
CREATE INDEX deposits_upload ON deposits (upload_id);

CREATE TABLE disclosures (
    id               TEXT PRIMARY KEY,
    case_id          TEXT NOT NULL REFERENCES cases (id),
    exchange         TEXT NOT NULL,
    account          TEXT NOT NULL,
    holder           TEXT NOT NULL,
    nationality      TEXT NOT NULL,
    chain            TEXT NOT NULL,
    address          TEXT NOT NULL,
    date             TEXT NOT NULL,
    sha256           TEXT NOT NULL,
    confidence       BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL,
    UNIQUE (case_id, exchange, account, holder, chain, address, date)
);
CREATE INDEX disclosures_time ON disclosures (created, id);
CREATE INDEX disclosures_case ON disclosures (case_id, created, id);

CREATE TABLE traces (
    id           TEXT PRIMARY KEY,
    case_id      TEXT NOT NULL REFERENCES cases (id),
    rule         TEXT NOT NULL,
    params       TEXT NOT NULL,
    snapshot     TEXT NOT NULL,
    engine       TEXT NOT NULL,
    digest       TEXT NOT NULL,
    sha256       TEXT NOT NULL REFERENCES contents (sha256),
    stale        BIGINT NOT NULL,
    stale_reason TEXT NOT NULL,
    created      BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    UNIQUE (case_id, digest)
);
CREATE INDEX traces_time ON traces (created, id);
CREATE INDEX traces_case ON traces (case_id, created, id);

CREATE TABLE links (
    id               TEXT PRIMARY KEY,
    case_a           TEXT NOT NULL REFERENCES cases (id),
    case_b           TEXT NOT NULL REFERENCES cases (id),
    grade            TEXT NOT NULL,
    score            TEXT NOT NULL,
    q                TEXT NOT NULL,
    evidence         TEXT NOT NULL,
    evidence_digest  TEXT NOT NULL,
    version          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    updated          BIGINT NOT NULL,
    updated_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL,
    UNIQUE (case_a, case_b),
    CHECK (case_a <> case_b)
);
CREATE INDEX links_b ON links (case_b);

CREATE TABLE decisions (
    id              TEXT PRIMARY KEY,
    link_id         TEXT NOT NULL REFERENCES links (id),
    verdict         TEXT NOT NULL,
    reason          TEXT NOT NULL,
    evidence_digest TEXT NOT NULL,
    n               BIGINT NOT NULL,
    created         BIGINT NOT NULL,
    created_by      TEXT NOT NULL,
    UNIQUE (link_id, n)
);

CREATE TABLE notes (
    id               TEXT PRIMARY KEY,
    case_id          TEXT NOT NULL REFERENCES cases (id),
    text             TEXT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL
);
CREATE INDEX notes_time ON notes (case_id, created, id);

CREATE TABLE rate_files (
    id               TEXT PRIMARY KEY,
    name             TEXT NOT NULL,
    asset            TEXT NOT NULL,
    source           TEXT NOT NULL,
    sha256           TEXT NOT NULL REFERENCES contents (sha256),
    size             BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL,
    UNIQUE (asset, source, sha256)
);
CREATE INDEX rate_files_time ON rate_files (created, id);

-- Each row's hash covers the row and the hash before it. Migration 3, which each
-- database has in its own words, has triggers refuse changes.
CREATE TABLE audit (
    seq      BIGINT PRIMARY KEY,
    time     TEXT NOT NULL,
    who      TEXT NOT NULL,
    action   TEXT NOT NULL,
    resource TEXT NOT NULL,
    details  TEXT NOT NULL,
    hash     TEXT NOT NULL
);
CREATE INDEX audit_resource ON audit (resource, seq);
CREATE INDEX audit_who ON audit (who, seq);

-- The newest row of the audit: one row, which appends also queue up at.
CREATE TABLE audit_head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (one, seq, hash) VALUES (1, 0, '');
