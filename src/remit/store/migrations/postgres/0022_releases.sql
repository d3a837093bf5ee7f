-- State: workspaces kept for good. What each holds stands in the event at (stream, seq).
CREATE TABLE releases (
    team    text COLLATE "C" NOT NULL,
    digest  text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    policy  text COLLATE "C" NOT NULL,
    stream  text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,
    at      bigint NOT NULL,
    made_by text NOT NULL,
    PRIMARY KEY (team, digest)
);
CREATE UNIQUE INDEX releases_name ON releases (team, name);

-- State: which release a channel leads to, and which share of new runs goes there.
CREATE TABLE channels (
    team     text COLLATE "C" NOT NULL,
    channel  text COLLATE "C" NOT NULL CHECK (channel IN ('stable', 'canary', 'shadow')),
    release  text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL DEFAULT '',
    percent  bigint NOT NULL DEFAULT 100 CHECK (percent BETWEEN 0 AND 100),
    salt     text NOT NULL DEFAULT '',
    since    bigint NOT NULL,
    set_by   text NOT NULL,
    PRIMARY KEY (team, channel)
);

-- State: canaries; on what terms each began stands in the event at (stream, seq).
CREATE TABLE canaries (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    release    text COLLATE "C" NOT NULL,
    against    text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL
               CHECK (status IN ('running', 'cleared', 'held', 'promoted', 'rolled_back', 'ended')),
    stream     text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    started_at bigint NOT NULL,
    decided_at bigint,
    said_stream text COLLATE "C" NOT NULL DEFAULT '',
    said_seq   bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX canaries_open ON canaries (team) WHERE status IN ('running', 'cleared', 'held');

-- Which release has to execute a run (none: the code as it stands), and by which channel it came there.
ALTER TABLE runs ADD COLUMN release text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN channel text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX runs_released ON runs (release, due) WHERE release <> '' AND ended_at IS NULL;
CREATE INDEX runs_channel ON runs (release, created_at) WHERE channel <> '';

-- Which release a worker serves.
ALTER TABLE workers ADD COLUMN release text COLLATE "C" NOT NULL DEFAULT '';
