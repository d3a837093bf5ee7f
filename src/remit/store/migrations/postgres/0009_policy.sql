-- State: every set of rules that was ever in force. Their text stands in the event at (stream, seq).
CREATE TABLE policy_versions (
    team   text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq    bigint NOT NULL,
    at     bigint NOT NULL,
    PRIMARY KEY (team, digest)
);

-- State: the rules that are in force, and whether one person alone may change them.
CREATE TABLE policies_in_force (
    team      text COLLATE "C" NOT NULL PRIMARY KEY,
    digest    text COLLATE "C" NOT NULL,
    protected bigint NOT NULL DEFAULT 0 CHECK (protected IN (0, 1)),
    since     bigint NOT NULL,
    by        text NOT NULL
);

-- State: what nobody may use any more, whatever a rule says: a right (`agent:triage/refund`) or a capability.
CREATE TABLE revocations (
    team    text COLLATE "C" NOT NULL,
    kind    text COLLATE "C" NOT NULL CHECK (kind IN ('right', 'capability')),
    subject text COLLATE "C" NOT NULL,
    at      bigint NOT NULL,
    by      text NOT NULL,
    PRIMARY KEY (team, kind, subject)
);

-- State: reviews of who may do what. Which rights each is about stands in the event at (stream, seq).
CREATE TABLE access_reviews (
    id        text COLLATE "C" NOT NULL PRIMARY KEY,
    team      text COLLATE "C" NOT NULL,
    stream    text COLLATE "C" NOT NULL,
    seq       bigint NOT NULL,
    rights    bigint NOT NULL,
    due       bigint NOT NULL,
    opened_at bigint NOT NULL,
    opened_by text NOT NULL
);
CREATE INDEX access_reviews_team ON access_reviews (team, opened_at);

CREATE TABLE reviewed_rights (
    review  text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    verdict text COLLATE "C" NOT NULL CHECK (verdict IN ('confirmed', 'revoked')),
    at      bigint NOT NULL,
    by      text NOT NULL,
    PRIMARY KEY (review, subject)
);
