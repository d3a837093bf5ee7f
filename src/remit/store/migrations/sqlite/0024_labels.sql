-- State: what people are to label, by whom, and with which words.
CREATE TABLE label_queues (
    team      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    choices   TEXT    NOT NULL,
    scale     TEXT    NOT NULL CHECK (scale IN ('nominal', 'ordinal')),
    labellers INTEGER NOT NULL CHECK (labellers >= 1),
    readers   TEXT    NOT NULL,
    made_at   INTEGER NOT NULL,
    made_by   TEXT    NOT NULL,
    PRIMARY KEY (team, name)
) STRICT, WITHOUT ROWID;

-- State: the things in a queue. What they are stands in the event that put them there, under the key of its run.
CREATE TABLE label_items (
    id         TEXT    NOT NULL PRIMARY KEY,
    team       TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    run        TEXT    NOT NULL,
    source     TEXT    NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('open', 'disputed', 'settled', 'withdrawn')),
    label      TEXT    NOT NULL DEFAULT '',
    settled_by TEXT    NOT NULL DEFAULT '',
    stream     TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (team, queue, source)
) STRICT, WITHOUT ROWID;
CREATE INDEX label_items_of_queue ON label_items (team, queue, status, at);

-- State: who said what of a thing; what they said last counts.
CREATE TABLE labels (
    item   TEXT    NOT NULL,
    person TEXT    NOT NULL,
    label  TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (item, person)
) STRICT, WITHOUT ROWID;

-- State: sets of labels, frozen and numbered; what is in them stands in the event that froze them.
CREATE TABLE label_sets (
    team        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    digest      TEXT    NOT NULL,
    queue       TEXT    NOT NULL,
    items       INTEGER NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('waiting', 'usable', 'redacted', 'refused')),
    readers     TEXT    NOT NULL,
    stream      TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    made_at     INTEGER NOT NULL,
    made_by     TEXT    NOT NULL,
    reviewed_at INTEGER,
    reviewed_by TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, name, version)
) STRICT, WITHOUT ROWID;

-- State: what judges are worth. The figures stand in the event; a judge of another digest is another judge.
CREATE TABLE judge_cards (
    team    TEXT    NOT NULL,
    judge   TEXT    NOT NULL,
    digest  TEXT    NOT NULL,
    status  TEXT    NOT NULL CHECK (status IN ('current', 'suspended')),
    card    TEXT    NOT NULL,
    labels  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    stream  TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    made_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    why     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, judge, digest)
) STRICT, WITHOUT ROWID;

-- State: whether a judge still said what people said, each time a golden item was put to it.
CREATE TABLE judge_checks (
    team   TEXT    NOT NULL,
    judge  TEXT    NOT NULL,
    digest TEXT    NOT NULL,
    item   TEXT    NOT NULL,
    agreed INTEGER NOT NULL CHECK (agreed IN (0, 1)),
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, judge, digest, at, item)
) STRICT, WITHOUT ROWID;
