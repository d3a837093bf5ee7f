-- State: which goes at scenarios were made, so that none is paid for twice; by a keyed tag of everything that shapes one.
CREATE TABLE trials (
    tag        text COLLATE "C" PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    run        text COLLATE "C" NOT NULL,
    experiment text COLLATE "C" NOT NULL,
    at         bigint NOT NULL
);

-- State: experiments, by what they looked at. What came of one stands in its run.
CREATE TABLE experiments (
    id      text COLLATE "C" PRIMARY KEY,
    team    text COLLATE "C" NOT NULL,
    suite   text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    arm     text COLLATE "C" NOT NULL,
    against text COLLATE "C" NOT NULL,
    gate    bigint NOT NULL,
    by      text COLLATE "C" NOT NULL,
    at      bigint NOT NULL
);
CREATE INDEX experiments_at ON experiments (team, at);

-- State: who answers for verdicts that say nothing.
CREATE TABLE waivers (
    team       text COLLATE "C" NOT NULL,
    version    text COLLATE "C" NOT NULL,
    arm        text COLLATE "C" NOT NULL,
    against    text COLLATE "C" NOT NULL,
    experiment text COLLATE "C" NOT NULL,
    by         text COLLATE "C" NOT NULL,
    at         bigint NOT NULL,
    PRIMARY KEY (team, version, arm, against)
);
