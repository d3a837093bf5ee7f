-- State: of a question, how many people have to agree and how many have, how often it was changed and used, who asked for
-- it, whom it was handed to, and where the last change to it stands.
ALTER TABLE approvals ADD COLUMN quorum bigint NOT NULL DEFAULT 1;
ALTER TABLE approvals ADD COLUMN votes bigint NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN revision bigint NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN used bigint NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN requester text NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN assignee text NOT NULL DEFAULT '';
ALTER TABLE approvals ADD COLUMN canary bigint NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN edit_seq bigint;

-- State: who may act for a team, and in which roles and groups.
CREATE TABLE people (
    team       text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    kind       text    NOT NULL CHECK (kind IN ('user', 'service')),
    active     bigint NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    created_at bigint NOT NULL,
    created_by text    NOT NULL,
    PRIMARY KEY (team, id)
);

CREATE TABLE person_roles (
    team   text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    role   text COLLATE "C" NOT NULL,
    PRIMARY KEY (team, person, role)
);

-- State: keys by their public part. The secret is nowhere; its digest is keyed by the root key.
CREATE TABLE access_keys (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    person     text COLLATE "C" NOT NULL,
    digest     text    NOT NULL,
    roles      text    NOT NULL DEFAULT '',
    label      text    NOT NULL DEFAULT '',
    created_at bigint NOT NULL,
    created_by text    NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    revoked_by text    NOT NULL DEFAULT ''
);
CREATE INDEX access_keys_person ON access_keys (team, person);

-- State: who agreed to which question or proposal, as it stood then. A voice counts once for each revision.
CREATE TABLE votes (
    subject  text COLLATE "C" NOT NULL,
    asked    bigint NOT NULL,
    revision bigint NOT NULL,
    person   text COLLATE "C" NOT NULL,
    at       bigint NOT NULL,
    PRIMARY KEY (subject, asked, revision, person)
);

-- State: what was asked back about a question, and answered; the words stand in the log.
CREATE TABLE approval_notes (
    approval text COLLATE "C" NOT NULL,
    asked    bigint NOT NULL,
    stream   text COLLATE "C" NOT NULL,
    seq      bigint NOT NULL,
    kind     text    NOT NULL CHECK (kind IN ('question', 'answer')),
    at       bigint NOT NULL,
    PRIMARY KEY (approval, asked, seq)
);

-- State: standing consents. What they cover in detail stands in the event at (stream, seq).
CREATE TABLE grants (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    tool       text    NOT NULL,
    agent      text    NOT NULL DEFAULT '',
    run        text    NOT NULL DEFAULT '',
    uses       bigint NOT NULL CHECK (uses > 0),
    used       bigint NOT NULL DEFAULT 0,
    expires_at bigint NOT NULL,
    stream     text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    created_at bigint NOT NULL,
    created_by text    NOT NULL,
    revoked_at bigint,
    revoked_by text    NOT NULL DEFAULT '',
    CHECK (used >= 0 AND used <= uses)
);
CREATE INDEX grants_by_tool ON grants (team, tool) WHERE revoked_at IS NULL;

-- State: changes that one person alone may not make. What is done in the end stands in the event at (stream, seq).
CREATE TABLE proposals (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    kind       text    NOT NULL,
    name       text    NOT NULL,
    digest     text    NOT NULL,
    needed     bigint NOT NULL CHECK (needed > 0),
    votes      bigint NOT NULL DEFAULT 0,
    status     text    NOT NULL DEFAULT 'open'
               CHECK (status IN ('open', 'approved', 'rejected', 'expired', 'withdrawn')),
    stream     text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    made_at    bigint NOT NULL,
    made_by    text    NOT NULL,
    due        bigint NOT NULL,
    decided_at bigint,
    decided_by text    NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX proposals_open ON proposals (team, kind, name, digest) WHERE status = 'open';
