-- State: every set of rules that was ever in force. Their text stands in the event at (stream, seq).
CREATE TABLE policy_versions (
    team   TEXT    NOT NULL,
    digest TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, digest)
) STRICT, WITHOUT ROWID;

-- State: the rules that are in force, and whether one person alone may change them.
CREATE TABLE policies_in_force (
    team      TEXT    NOT NULL PRIMARY KEY,
    digest    TEXT    NOT NULL,
    protected INTEGER NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    since     INTEGER NOT NULL,
    by        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- State: what nobody may use any more, whatever a rule says: a right (`agent:triage/refund`) or a capability.
CREATE TABLE revocations (
    team    TEXT    NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('right', 'capability')),
    subject TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    PRIMARY KEY (team, kind, subject)
) STRICT, WITHOUT ROWID;

-- State: reviews of who may do what. Which rights each is about stands in the event at (stream, seq).
CREATE TABLE access_reviews (
    id        TEXT    NOT NULL PRIMARY KEY,
    team      TEXT    NOT NULL,
    stream    TEXT    NOT NULL,
    seq       INTEGER NOT NULL,
    rights    INTEGER NOT NULL,
    due       INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    opened_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX access_reviews_team ON access_reviews (team, opened_at);

CREATE TABLE reviewed_rights (
    review  TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    verdict TEXT    NOT NULL CHECK (verdict IN ('confirmed', 'revoked')),
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    PRIMARY KEY (review, subject)
) STRICT, WITHOUT ROWID;
