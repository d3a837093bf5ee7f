-- State: what people are to label, by whom, and with which words.
CREATE TABLE label_queues (
    team      text COLLATE "C" NOT NULL,
    name      text COLLATE "C" NOT NULL,
    choices   text COLLATE "C" NOT NULL,
    scale     text COLLATE "C" NOT NULL CHECK (scale IN ('nominal', 'ordinal')),
    labellers bigint NOT NULL CHECK (labellers >= 1),
    readers   text COLLATE "C" NOT NULL,
    made_at   bigint NOT NULL,
    made_by   text COLLATE "C" NOT NULL,
    PRIMARY KEY (team, name)
);

-- State: the things in a queue. What they are stands in the event that put them there, under the key of its run.
CREATE TABLE label_items (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    team       text COLLATE "C" NOT NULL,
    queue      text COLLATE "C" NOT NULL,
    run        text COLLATE "C" NOT NULL,
    source     text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL CHECK (status IN ('open', 'disputed', 'settled', 'withdrawn')),
    label      text COLLATE "C" NOT NULL DEFAULT '',
    settled_by text COLLATE "C" NOT NULL DEFAULT '',
    stream     text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    at         bigint NOT NULL,
    UNIQUE (team, queue, source)
);
CREATE INDEX label_items_of_queue ON label_items (team, queue, status, at);

-- State: who said what of a thing; what they said last counts.
CREATE TABLE labels (
    item   text COLLATE "C" NOT NULL,
    person text COLLATE "C" NOT NULL,
    label  text COLLATE "C" NOT NULL,
    at     bigint NOT NULL,
    PRIMARY KEY (item, person)
);

-- State: sets of labels, frozen and numbered; what is in them stands in the event that froze them.
CREATE TABLE label_sets (
    team        text COLLATE "C" NOT NULL,
    name        text COLLATE "C" NOT NULL,
    version     bigint NOT NULL,
    digest      text COLLATE "C" NOT NULL,
    queue       text COLLATE "C" NOT NULL,
    items       bigint NOT NULL,
    status      text COLLATE "C" NOT NULL CHECK (status IN ('waiting', 'usable', 'redacted', 'refused')),
    readers     text COLLATE "C" NOT NULL,
    stream      text COLLATE "C" NOT NULL,
    seq         bigint NOT NULL,
    made_at     bigint NOT NULL,
    made_by     text COLLATE "C" NOT NULL,
    reviewed_at bigint,
    reviewed_by text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (team, name, version)
);

-- State: what judges are worth. The figures stand in the event; a judge of another digest is another judge.
CREATE TABLE judge_cards (
    team    text COLLATE "C" NOT NULL,
    judge   text COLLATE "C" NOT NULL,
    digest  text COLLATE "C" NOT NULL,
    status  text COLLATE "C" NOT NULL CHECK (status IN ('current', 'suspended')),
    card    text COLLATE "C" NOT NULL,
    labels  text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    stream  text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,
    made_at bigint NOT NULL,
    made_by text COLLATE "C" NOT NULL,
    changed_at bigint NOT NULL,
    why     text COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (team, judge, digest)
);

-- State: whether a judge still said what people said, each time a golden item was put to it.
CREATE TABLE judge_checks (
    team   text COLLATE "C" NOT NULL,
    judge  text COLLATE "C" NOT NULL,
    digest text COLLATE "C" NOT NULL,
    item   text COLLATE "C" NOT NULL,
    agreed bigint NOT NULL CHECK (agreed IN (0, 1)),
    at     bigint NOT NULL,
    PRIMARY KEY (team, judge, digest, at, item)
);
