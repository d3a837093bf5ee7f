-- Projections of what other agents sent by OpenTelemetry. What was sent lies in the log; all of this can be deleted and
-- read from there again.

-- A request that was taken.
CREATE TABLE foreign_batches (
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    pos bigint NOT NULL,
    team text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    signal text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    blob text COLLATE "C" NOT NULL,
    book text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    taken bigint NOT NULL,
    rejected bigint NOT NULL,
    lost bigint NOT NULL,
    dropped bigint NOT NULL,
    skewed bigint NOT NULL,
    size bigint NOT NULL,
    PRIMARY KEY (stream, seq)
);
CREATE INDEX foreign_batches_by_source ON foreign_batches (team, source, at);
CREATE INDEX foreign_batches_by_key ON foreign_batches (key_id);

-- Which traces have a part in it.
CREATE TABLE foreign_parts (
    trace text COLLATE "C" NOT NULL,
    stream text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (trace, stream, seq)
);
CREATE INDEX foreign_parts_by_batch ON foreign_parts (stream, seq);

-- What a span of another agent says beside its row in `spans`: its parent as it was sent, what it lacks, how much it says.
CREATE TABLE foreign_spans (
    trace text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    dialect text COLLATE "C" NOT NULL,
    weight bigint NOT NULL,
    calls bigint NOT NULL,
    absent bigint NOT NULL,
    skewed bigint NOT NULL,
    dropped bigint NOT NULL,
    session text COLLATE "C" NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    environment text COLLATE "C" NOT NULL,
    nth bigint NOT NULL,
    PRIMARY KEY (trace, id)
);

-- The prices by which they were reckoned.
CREATE TABLE foreign_books (
    team text COLLATE "C" NOT NULL,
    book text COLLATE "C" NOT NULL,
    prices text COLLATE "C" NOT NULL,
    PRIMARY KEY (team, book)
);
