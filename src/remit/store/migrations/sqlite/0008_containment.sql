-- State: what may not act. Why stands in the event at (stream, seq).
CREATE TABLE halts (
    id        TEXT NOT NULL PRIMARY KEY,
    team      TEXT NOT NULL,
    scope     TEXT NOT NULL
              CHECK (scope IN ('all', 'team', 'agent', 'release', 'tool', 'model', 'principal', 'run')),
    target    TEXT NOT NULL,
    mode      TEXT NOT NULL CHECK (mode IN ('halt', 'quarantine')),
    at        INTEGER NOT NULL,
    made_by   TEXT NOT NULL,
    until     INTEGER,
    stream    TEXT NOT NULL,
    seq       INTEGER NOT NULL,
    lifted_at INTEGER,
    lifted_by TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX halts_standing ON halts (at) WHERE lifted_at IS NULL;

-- State: how often that has changed; every claim is held against it.
CREATE TABLE halt_state (
    id      INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL
) STRICT;
