-- State: root keys that a key service has sealed; without that service they open nothing.
CREATE TABLE root_keys (
    id     text COLLATE "C" NOT NULL PRIMARY KEY,
    sealed bytea NOT NULL,
    turn   bigint NOT NULL,
    at     bigint NOT NULL
);

-- State: whose data must not be destroyed. The words say who it is and why, under that subject's own key.
CREATE TABLE holds (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    team        text COLLATE "C" NOT NULL,
    subject_tag text COLLATE "C" NOT NULL,
    key_id      text COLLATE "C" NOT NULL,
    words       bytea NOT NULL,
    placed_by   text NOT NULL,
    placed_at   bigint NOT NULL,
    released_by text NOT NULL DEFAULT '',
    released_at bigint
);

CREATE UNIQUE INDEX holds_open ON holds (subject_tag) WHERE released_at IS NULL;

-- State: deletions of a subject, open until the last file is clean, and the signed receipt of each.
CREATE TABLE deletions (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    team        text COLLATE "C" NOT NULL,
    subject_tag text COLLATE "C" NOT NULL,
    started_by  text NOT NULL,
    started_at  bigint NOT NULL,
    done_at     bigint,
    receipt     text NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX deletions_open ON deletions (subject_tag) WHERE done_at IS NULL;

-- State: files outside of the database that hold keys or content, so that a deletion finds them.
CREATE TABLE exports (
    id      text COLLATE "C" NOT NULL PRIMARY KEY,
    team    text COLLATE "C" NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('keys', 'content')),
    path    text NOT NULL,
    host    text NOT NULL,
    made_by text NOT NULL,
    made_at bigint NOT NULL,
    gone_at bigint
);

-- State: which classes of data a run has held, until the rule of the class was applied.
CREATE TABLE run_classes (
    run        text COLLATE "C" NOT NULL,
    data_class text COLLATE "C" NOT NULL,
    settled_at bigint,
    PRIMARY KEY (run, data_class)
);

CREATE INDEX run_classes_due ON run_classes (run) WHERE settled_at IS NULL;

-- Log: what a rule left of events whose content it took away, under a key of its own.
CREATE TABLE reductions (
    stream text COLLATE "C" NOT NULL,
    seq    bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    body   bytea NOT NULL,
    PRIMARY KEY (stream, seq)
);

CREATE INDEX reductions_key ON reductions (key_id);
