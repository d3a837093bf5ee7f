-- State: workspaces kept for good. What each holds stands in the event at (stream, seq).
CREATE TABLE releases (
    team    TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    policy  TEXT    NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    PRIMARY KEY (team, digest)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX releases_name ON releases (team, name);

-- State: which release a channel leads to, and which share of new runs goes there.
CREATE TABLE channels (
    team     TEXT    NOT NULL,
    channel  TEXT    NOT NULL CHECK (channel IN ('stable', 'canary', 'shadow')),
    release  TEXT    NOT NULL,
    previous TEXT    NOT NULL DEFAULT '',
    percent  INTEGER NOT NULL DEFAULT 100 CHECK (percent BETWEEN 0 AND 100),
    salt     TEXT    NOT NULL DEFAULT '',
    since    INTEGER NOT NULL,
    set_by   TEXT    NOT NULL,
    PRIMARY KEY (team, channel)
) STRICT, WITHOUT ROWID;

-- State: canaries; on what terms each began stands in the event at (stream, seq).
CREATE TABLE canaries (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    release    TEXT    NOT NULL,
    against    TEXT    NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('running', 'cleared', 'held', 'promoted', 'rolled_back', 'ended')),
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    decided_at INTEGER,
    said_stream TEXT   NOT NULL DEFAULT '',
    said_seq   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX canaries_open ON canaries (team) WHERE status IN ('running', 'cleared', 'held');

-- Which release has to execute a run (none: the code as it stands), and by which channel it came there.
ALTER TABLE runs ADD COLUMN release TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN channel TEXT NOT NULL DEFAULT '';
CREATE INDEX runs_released ON runs (release, due) WHERE release <> '' AND ended_at IS NULL;
CREATE INDEX runs_channel ON runs (release, created_at) WHERE channel <> '';

-- Which release a worker serves.
ALTER TABLE workers ADD COLUMN release TEXT NOT NULL DEFAULT '';
