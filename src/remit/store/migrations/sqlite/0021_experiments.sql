-- State: which goes at scenarios were made, so that none is paid for twice; by a keyed tag of everything that shapes one.
CREATE TABLE trials (
    tag        TEXT    PRIMARY KEY,
    team       TEXT    NOT NULL,
    run        TEXT    NOT NULL,
    experiment TEXT    NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- State: experiments, by what they looked at. What came of one stands in its run.
CREATE TABLE experiments (
    id      TEXT    PRIMARY KEY,
    team    TEXT    NOT NULL,
    suite   TEXT    NOT NULL,
    version TEXT    NOT NULL,
    arm     TEXT    NOT NULL,
    against TEXT    NOT NULL,
    gate    INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX experiments_at ON experiments (team, at);

-- State: who answers for verdicts that say nothing.
CREATE TABLE waivers (
    team       TEXT    NOT NULL,
    version    TEXT    NOT NULL,
    arm        TEXT    NOT NULL,
    against    TEXT    NOT NULL,
    experiment TEXT    NOT NULL,
    by         TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (team, version, arm, against)
) STRICT, WITHOUT ROWID;
