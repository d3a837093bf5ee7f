-- Projection: which requests hold log records of a trace that another agent sent. What they say lies in the log.
CREATE TABLE foreign_records (
    team text COLLATE "C" NOT NULL,
    trace text COLLATE "C" NOT NULL,
    pos bigint NOT NULL,
    records bigint NOT NULL,
    source text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    blob text COLLATE "C" NOT NULL,
    PRIMARY KEY (team, trace, pos)
);
CREATE INDEX foreign_records_by_key ON foreign_records (key_id);
