-- State: from which run on an agent or a flow is looked at for drift, and how far that was done.
CREATE TABLE drift_watches (
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('agent', 'flow')),
    subject TEXT    NOT NULL,
    anchor  INTEGER NOT NULL,
    looked  INTEGER NOT NULL,
    PRIMARY KEY (team, kind, subject)
) STRICT, WITHOUT ROWID;

-- State: what drifted. What was found stands in the event at (stream, seq).
CREATE TABLE drift_findings (
    id       TEXT    NOT NULL PRIMARY KEY,
    team     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    what     TEXT    NOT NULL,
    value    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX drift_findings_newest ON drift_findings (team, found_at);
