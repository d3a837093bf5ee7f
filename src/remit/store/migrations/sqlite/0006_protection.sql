-- State: root keys that a key service has sealed; without that service they open nothing.
CREATE TABLE root_keys (
    id     TEXT    NOT NULL PRIMARY KEY,
    sealed BLOB    NOT NULL,
    turn   INTEGER NOT NULL,
    at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- State: whose data must not be destroyed. The words say who it is and why, under that subject's own key.
CREATE TABLE holds (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL,
    key_id      TEXT    NOT NULL,
    words       BLOB    NOT NULL,
    placed_by   TEXT    NOT NULL,
    placed_at   INTEGER NOT NULL,
    released_by TEXT    NOT NULL DEFAULT '',
    released_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX holds_open ON holds (subject_tag) WHERE released_at IS NULL;

-- State: deletions of a subject, open until the last file is clean, and the signed receipt of each.
CREATE TABLE deletions (
    id          TEXT    NOT NULL PRIMARY KEY,
    team        TEXT    NOT NULL,
    subject_tag TEXT    NOT NULL,
    started_by  TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    done_at     INTEGER,
    receipt     TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX deletions_open ON deletions (subject_tag) WHERE done_at IS NULL;

-- State: files outside of the database that hold keys or content, so that a deletion finds them.
CREATE TABLE exports (
    id      TEXT    NOT NULL PRIMARY KEY,
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('keys', 'content')),
    path    TEXT    NOT NULL,
    host    TEXT    NOT NULL,
    made_by TEXT    NOT NULL,
    made_at INTEGER NOT NULL,
    gone_at INTEGER
) STRICT, WITHOUT ROWID;

-- State: which classes of data a run has held, until the rule of the class was applied.
CREATE TABLE run_classes (
    run        TEXT    NOT NULL,
    data_class TEXT    NOT NULL,
    settled_at INTEGER,
    PRIMARY KEY (run, data_class)
) STRICT, WITHOUT ROWID;

CREATE INDEX run_classes_due ON run_classes (run) WHERE settled_at IS NULL;

-- Log: what a rule left of events whose content it took away, under a key of its own.
CREATE TABLE reductions (
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    key_id TEXT    NOT NULL,
    body   BLOB    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX reductions_key ON reductions (key_id);
