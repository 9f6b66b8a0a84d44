-- +goose Up
-- A job is asked for once and run until it ends; River's tables, which are migrated
-- beside these, hold the tickets by which workers find it. run counts the times it was
-- queued: a ticket, or a worker, of an earlier run has no say any more. beat rises while a
-- worker runs it.
CREATE TABLE jobs (
    id               TEXT PRIMARY KEY,
    kind             TEXT NOT NULL,
    case_id          TEXT REFERENCES cases (id),
    task             TEXT NOT NULL,
    same             TEXT NOT NULL,
    lane             TEXT NOT NULL,
    priority         BIGINT NOT NULL,
    state            TEXT NOT NULL,
    run              BIGINT NOT NULL,
    ticket           BIGINT NOT NULL,
    attempts         BIGINT NOT NULL,
    not_before       BIGINT NOT NULL,
    worker           TEXT NOT NULL,
    beat             BIGINT NOT NULL,
    started          BIGINT NOT NULL,
    ended            BIGINT NOT NULL,
    done             BIGINT NOT NULL,
    total            BIGINT NOT NULL,
    doing            TEXT NOT NULL,
    result           TEXT NOT NULL,
    failure          TEXT NOT NULL,
    hint             TEXT NOT NULL,
    cancelled        BIGINT NOT NULL,
    cancelled_by     TEXT NOT NULL,
    cancelled_reason TEXT NOT NULL,
    dismissed        BIGINT NOT NULL,
    dismissed_by     TEXT NOT NULL,
    dismissed_reason TEXT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL
);
-- What is asked for again while it waits is the same job.
CREATE UNIQUE INDEX jobs_waiting ON jobs (same) WHERE state = 'queued';
CREATE INDEX jobs_time ON jobs (created, id);
CREATE INDEX jobs_case ON jobs (case_id, created, id);
CREATE INDEX jobs_state ON jobs (state, created, id);

-- Jobs of one lane run one after the other: the one that runs has its row here.
CREATE TABLE job_lanes (
    lane   TEXT PRIMARY KEY,
    job_id TEXT NOT NULL REFERENCES jobs (id)
);

-- Times of schedules that were seen to: each once.
CREATE TABLE job_ticks (
    schedule TEXT NOT NULL,
    due      TEXT NOT NULL,
    job_id   TEXT REFERENCES jobs (id),
    created  BIGINT NOT NULL,
    PRIMARY KEY (schedule, due)
);

CREATE TABLE watches (
    id               TEXT PRIMARY KEY,
    case_id          TEXT NOT NULL REFERENCES cases (id),
    kind             TEXT NOT NULL,
    chain            TEXT NOT NULL,
    address          TEXT NOT NULL,
    tx               TEXT NOT NULL,
    idx              BIGINT NOT NULL,
    note             TEXT NOT NULL,
    height           BIGINT NOT NULL,
    hash             TEXT NOT NULL,
    transactions     BIGINT NOT NULL,
    checked          BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    created_by       TEXT NOT NULL,
    withdrawn        BIGINT NOT NULL,
    withdrawn_by     TEXT NOT NULL,
    withdrawn_reason TEXT NOT NULL
);
CREATE UNIQUE INDEX watches_place ON watches (case_id, kind, chain, address, tx, idx) WHERE withdrawn = 0;
CREATE INDEX watches_time ON watches (created, id);
CREATE INDEX watches_case ON watches (case_id, created, id);

CREATE TABLE alerts (
    id                  TEXT PRIMARY KEY,
    watch_id            TEXT NOT NULL REFERENCES watches (id),
    case_id             TEXT NOT NULL REFERENCES cases (id),
    chain               TEXT NOT NULL,
    tx                  TEXT NOT NULL,
    height              BIGINT NOT NULL,
    hash                TEXT NOT NULL,
    time                BIGINT NOT NULL,
    detail              TEXT NOT NULL,
    job_id              TEXT NOT NULL REFERENCES jobs (id),
    gone                BIGINT NOT NULL,
    acknowledged        BIGINT NOT NULL,
    acknowledged_by     TEXT NOT NULL,
    acknowledged_reason TEXT NOT NULL,
    version             BIGINT NOT NULL,
    created             BIGINT NOT NULL,
    created_by          TEXT NOT NULL,
    updated             BIGINT NOT NULL,
    updated_by          TEXT NOT NULL,
    UNIQUE (watch_id, chain, tx)
);
CREATE INDEX alerts_time ON alerts (created, id);
CREATE INDEX alerts_case ON alerts (case_id, created, id);
