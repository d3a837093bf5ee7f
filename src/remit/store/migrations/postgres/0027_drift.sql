-- State: from which run on an agent or a flow is looked at for drift, and how far that was done.
CREATE TABLE drift_watches (
    team    text COLLATE "C"    NOT NULL,
    kind    text COLLATE "C"    NOT NULL CHECK (kind IN ('agent', 'flow')),
    subject text COLLATE "C"    NOT NULL,
    anchor  bigint NOT NULL,
    looked  bigint NOT NULL,
    PRIMARY KEY (team, kind, subject)
);

-- State: what drifted. What was found stands in the event at (stream, seq).
CREATE TABLE drift_findings (
    id       text COLLATE "C"    NOT NULL PRIMARY KEY,
    team     text COLLATE "C"    NOT NULL,
    kind     text COLLATE "C"    NOT NULL,
    subject  text COLLATE "C"    NOT NULL,
    what     text COLLATE "C"    NOT NULL,
    value    text COLLATE "C"    NOT NULL,
    at       bigint NOT NULL,
    found_at bigint NOT NULL,
    stream   text COLLATE "C"    NOT NULL,
    seq      bigint NOT NULL
);
CREATE INDEX drift_findings_newest ON drift_findings (team, found_at);
