-- Projections of what other agents sent by OpenTelemetry. What was sent lies in the log; all of this can be deleted and
-- read from there again.

-- A request that was taken.
CREATE TABLE foreign_batches (
    stream   TEXT    NOT NULL,
    seq      INTEGER NOT NULL,
    pos      INTEGER NOT NULL,
    team     TEXT    NOT NULL,
    source   TEXT    NOT NULL,
    signal   TEXT    NOT NULL,
    key_id   TEXT    NOT NULL,
    blob     TEXT    NOT NULL,
    book     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    taken    INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    lost     INTEGER NOT NULL,
    dropped  INTEGER NOT NULL,
    skewed   INTEGER NOT NULL,
    size     INTEGER NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_batches_by_source ON foreign_batches (team, source, at);
CREATE INDEX foreign_batches_by_key ON foreign_batches (key_id);

-- Which traces have a part in it.
CREATE TABLE foreign_parts (
    trace  TEXT    NOT NULL,
    stream TEXT    NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (trace, stream, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_parts_by_batch ON foreign_parts (stream, seq);

-- What a span of another agent says beside its row in `spans`: its parent as it was sent, what it lacks, how much it says.
CREATE TABLE foreign_spans (
    trace       TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    parent      TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    dialect     TEXT    NOT NULL,
    weight      INTEGER NOT NULL,
    calls       INTEGER NOT NULL,
    absent      INTEGER NOT NULL,
    skewed      INTEGER NOT NULL,
    dropped     INTEGER NOT NULL,
    session     TEXT    NOT NULL,
    workflow    TEXT    NOT NULL,
    purpose     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    nth         INTEGER NOT NULL,
    PRIMARY KEY (trace, id)
) STRICT, WITHOUT ROWID;

-- The prices by which they were reckoned.
CREATE TABLE foreign_books (
    team   TEXT NOT NULL,
    book   TEXT NOT NULL,
    prices TEXT NOT NULL,
    PRIMARY KEY (team, book)
) STRICT, WITHOUT ROWID;
