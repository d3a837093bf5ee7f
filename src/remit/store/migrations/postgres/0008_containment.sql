-- State: what may not act. Why stands in the event at (stream, seq).
CREATE TABLE halts (
    id        text COLLATE "C" NOT NULL PRIMARY KEY,
    team      text COLLATE "C" NOT NULL,
    scope     text   NOT NULL
              CHECK (scope IN ('all', 'team', 'agent', 'release', 'tool', 'model', 'principal', 'run')),
    target    text   NOT NULL,
    mode      text   NOT NULL CHECK (mode IN ('halt', 'quarantine')),
    at        bigint NOT NULL,
    made_by   text   NOT NULL,
    until     bigint,
    stream    text COLLATE "C" NOT NULL,
    seq       bigint NOT NULL,
    lifted_at bigint,
    lifted_by text   NOT NULL DEFAULT ''
);
CREATE INDEX halts_standing ON halts (at) WHERE lifted_at IS NULL;

-- State: how often that has changed; every claim is held against it.
CREATE TABLE halt_state (
    id      bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    version bigint NOT NULL
);
