-- State: what the log was at one size, signed. `upto`, `late` and `gaps` say by position which events it added: those
-- up to `upto` that no earlier one had, of which `late` came behind their turn and `gaps` are still to come. `heads`
-- is kept until every anchor has it.
CREATE TABLE checkpoints (
    size  INTEGER NOT NULL PRIMARY KEY CHECK (size > 0),
    at    INTEGER NOT NULL,
    note  TEXT    NOT NULL,
    upto  INTEGER NOT NULL,
    late  TEXT    NOT NULL DEFAULT '',
    gaps  TEXT    NOT NULL DEFAULT '',
    heads TEXT    NOT NULL DEFAULT ''
) STRICT;

-- State: the public keys that have signed checkpoints, each introduced by the one before it.
CREATE TABLE signing_keys (
    number       INTEGER NOT NULL PRIMARY KEY CHECK (number > 0),
    public       TEXT    NOT NULL,
    introduction TEXT    NOT NULL,
    at           INTEGER NOT NULL
) STRICT;

-- State: who makes checkpoints, and how far they have come. There is one row.
CREATE TABLE checkpointer (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (id = 'log'),
    epoch       INTEGER NOT NULL DEFAULT 0,
    holder      TEXT    NOT NULL DEFAULT '',
    lease_until INTEGER NOT NULL DEFAULT 0,
    size        INTEGER NOT NULL DEFAULT 0,
    tx          INTEGER NOT NULL DEFAULT 0,
    pos         INTEGER NOT NULL DEFAULT 0,
    stream      TEXT    NOT NULL DEFAULT '',
    seq         INTEGER NOT NULL DEFAULT 0,
    frontier    BLOB    NOT NULL DEFAULT x'',
    error       TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- State: how far each anchor has come, and what is wrong with it.
CREATE TABLE anchors (
    name      TEXT    NOT NULL PRIMARY KEY,
    size      INTEGER NOT NULL DEFAULT 0,
    at        INTEGER,
    failed_at INTEGER,
    error     TEXT    NOT NULL DEFAULT '',
    contradiction TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
