-- The log: append-only, written once, never changed.
CREATE TABLE events (
    pos        INTEGER PRIMARY KEY,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq > 0),
    team       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    key_id     TEXT    NOT NULL,
    commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
    prev_hash  BLOB    NOT NULL CHECK (length(prev_hash) = 32),
    hash       BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE UNIQUE INDEX events_stream_seq ON events (stream, seq);

CREATE TABLE blobs (
    id     BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    key_id TEXT NOT NULL,
    body   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX blobs_key ON blobs (key_id);

-- State: written in the transaction of its event.
CREATE TABLE workspace (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_heads (
    stream TEXT    NOT NULL PRIMARY KEY,
    seq    INTEGER NOT NULL,
    hash   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE data_keys (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL DEFAULT '',
    wrapped     BLOB,
    created_at  INTEGER NOT NULL,
    shredded_at INTEGER,
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX data_keys_subject ON data_keys (subject_tag) WHERE subject_tag <> '';

CREATE TABLE principals (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('user', 'service')),
    key_digest BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    id          TEXT    NOT NULL PRIMARY KEY,
    epoch       INTEGER NOT NULL,
    host        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    started_at  INTEGER NOT NULL,
    fenced_at   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    status     TEXT    NOT NULL
               CHECK (status IN ('ready', 'running', 'parked', 'succeeded', 'failed', 'cancelled')),
    reason     TEXT    NOT NULL DEFAULT '',
    due        INTEGER,
    priority   INTEGER NOT NULL DEFAULT 100,
    owner      TEXT,
    epoch      INTEGER NOT NULL DEFAULT 0,
    pin        TEXT    NOT NULL,
    parent     TEXT,
    key_id     TEXT    NOT NULL,
    base_seq   INTEGER NOT NULL DEFAULT 1,
    generation INTEGER NOT NULL DEFAULT 1,
    mail       INTEGER NOT NULL DEFAULT 0,
    paused     INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    error      TEXT    NOT NULL DEFAULT '',
    session    TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    CHECK ((owner IS NOT NULL) = (status = 'running')),
    CHECK ((ended_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))),
    CHECK (due IS NULL OR status IN ('ready', 'parked'))
) STRICT, WITHOUT ROWID;
CREATE INDEX runs_due ON runs (priority, due) WHERE due IS NOT NULL;
CREATE INDEX runs_next ON runs (due) WHERE due IS NOT NULL;
CREATE INDEX runs_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;

CREATE TABLE inbox (
    n      INTEGER PRIMARY KEY,
    run    TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    name   TEXT    NOT NULL DEFAULT '',
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX inbox_run_id ON inbox (run, id);

CREATE TABLE approvals (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    run         TEXT    NOT NULL,
    path        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('human', 'unknown', 'write', 'approval')),
    name        TEXT    NOT NULL DEFAULT '',
    grp         TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL DEFAULT '',
    asked_at    INTEGER NOT NULL,
    due         INTEGER,
    status      TEXT    NOT NULL DEFAULT 'open'
                CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
    decided_by  TEXT    NOT NULL DEFAULT '',
    decided_at  INTEGER,
    CHECK ((decided_at IS NULL) = (status = 'open'))
) STRICT, WITHOUT ROWID;
CREATE INDEX approvals_open ON approvals (team, grp, asked_at) WHERE status = 'open';
CREATE INDEX approvals_unknown ON approvals (fingerprint) WHERE status = 'open' AND fingerprint <> '';

CREATE TABLE schedules (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    flow       TEXT    NOT NULL,
    cron       TEXT    NOT NULL,
    tz         TEXT    NOT NULL,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    next_at    INTEGER,
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    CHECK (active = 1 OR next_at IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

-- Projections: derived from the log, deletable at any time.
CREATE TABLE run_facts (
    run     TEXT    NOT NULL PRIMARY KEY,
    events  INTEGER NOT NULL,
    steps   INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    last    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projections (
    name TEXT    NOT NULL PRIMARY KEY,
    tx   INTEGER NOT NULL,
    pos  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
