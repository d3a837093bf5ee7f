-- State: of a question, how many people have to agree and how many have, how often it was changed and used, who asked for
-- it, whom it was handed to, and where the last change to it stands.
ALTER TABLE approvals ADD COLUMN quorum INTEGER NOT NULL DEFAULT 1;
ALTER TABLE approvals ADD COLUMN votes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN requester TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN assignee TEXT NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN canary INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN edit_seq INTEGER;

-- State: who may act for a team, and in which roles and groups.
CREATE TABLE people (
    team       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('user', 'service')),
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    PRIMARY KEY (team, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE person_roles (
    team   TEXT NOT NULL,
    person TEXT NOT NULL,
    role   TEXT NOT NULL,
    PRIMARY KEY (team, person, role)
) STRICT, WITHOUT ROWID;

-- State: keys by their public part. The secret is nowhere; its digest is keyed by the root key.
CREATE TABLE access_keys (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    person     TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    roles      TEXT    NOT NULL DEFAULT '',
    label      TEXT    NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    revoked_by TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX access_keys_person ON access_keys (team, person);

-- State: who agreed to which question or proposal, as it stood then. A voice counts once for each revision.
CREATE TABLE votes (
    subject  TEXT    NOT NULL,
    asked    INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    person   TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (subject, asked, revision, person)
) STRICT, WITHOUT ROWID;

-- State: what was asked back about a question, and answered; the words stand in the log.
CREATE TABLE approval_notes (
    approval TEXT    NOT NULL,
    asked    INTEGER NOT NULL,
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    kind     TEXT    NOT NULL CHECK (kind IN ('question', 'answer')),
    at       INTEGER NOT NULL,
    PRIMARY KEY (approval, asked, seq)
) STRICT, WITHOUT ROWID;

-- State: standing consents. What they cover in detail stands in the event at (stream, seq).
CREATE TABLE grants (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    tool       TEXT    NOT NULL,
    agent      TEXT    NOT NULL DEFAULT '',
    run        TEXT    NOT NULL DEFAULT '',
    uses       INTEGER NOT NULL CHECK (uses > 0),
    used       INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL,
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL,
    revoked_at INTEGER,
    revoked_by TEXT    NOT NULL DEFAULT '',
    CHECK (used >= 0 AND used <= uses)
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_tool ON grants (team, tool) WHERE revoked_at IS NULL;

-- State: changes that one person alone may not make. What is done in the end stands in the event at (stream, seq).
CREATE TABLE proposals (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    needed     INTEGER NOT NULL CHECK (needed > 0),
    votes      INTEGER NOT NULL DEFAULT 0,
    status     TEXT    NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    made_by    TEXT    NOT NULL,
    due        INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX proposals_open ON proposals (team, kind, name, digest) WHERE status = 'open';
