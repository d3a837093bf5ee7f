-- State: what the log was at one size, signed. `upto`, `late` and `gaps` say by position which events it added: those
-- up to `upto` that no earlier one had, of which `late` came behind their turn and `gaps` are still to come. `heads`
-- is kept until every anchor has it.
CREATE TABLE checkpoints (
    size  bigint NOT NULL PRIMARY KEY CHECK (size > 0),
    at    bigint NOT NULL,
    note  text    NOT NULL,
    upto  bigint NOT NULL,
    late  text    NOT NULL DEFAULT '',
    gaps  text    NOT NULL DEFAULT '',
    heads text    NOT NULL DEFAULT ''
);

-- State: the public keys that have signed checkpoints, each introduced by the one before it.
CREATE TABLE signing_keys (
    number       bigint NOT NULL PRIMARY KEY CHECK (number > 0),
    public       text    NOT NULL,
    introduction text    NOT NULL,
    at           bigint NOT NULL
);

-- State: who makes checkpoints, and how far they have come. There is one row.
CREATE TABLE checkpointer (
    id          text    NOT NULL PRIMARY KEY CHECK (id = 'log'),
    epoch       bigint NOT NULL DEFAULT 0,
    holder      text    NOT NULL DEFAULT '',
    lease_until bigint NOT NULL DEFAULT 0,
    size        bigint NOT NULL DEFAULT 0,
    tx          bigint NOT NULL DEFAULT 0,
    pos         bigint NOT NULL DEFAULT 0,
    stream      text    NOT NULL DEFAULT '',
    seq         bigint NOT NULL DEFAULT 0,
    frontier    bytea   NOT NULL DEFAULT '\x',
    error       text    NOT NULL DEFAULT ''
);

-- State: how far each anchor has come, and what is wrong with it.
CREATE TABLE anchors (
    name      text    NOT NULL PRIMARY KEY,
    size      bigint NOT NULL DEFAULT 0,
    at        bigint,
    failed_at bigint,
    error     text    NOT NULL DEFAULT '',
    contradiction text NOT NULL DEFAULT ''
);
