-- State: which definition of each tool somebody accepted, and the one that waits for it. A tool that was never
-- accepted has an empty digest; one that nothing waits for has an empty `pending`.
CREATE TABLE tool_digests (
    team             text COLLATE "C" NOT NULL,
    tool             text COLLATE "C" NOT NULL,
    digest           text NOT NULL DEFAULT '',
    accepted_by      text NOT NULL DEFAULT '',
    accepted_at      bigint,
    manifest         text NOT NULL DEFAULT '',
    pending          text NOT NULL DEFAULT '',
    pending_manifest text NOT NULL DEFAULT '',
    PRIMARY KEY (team, tool),
    CHECK ((accepted_at IS NULL) = (digest = '')),
    CHECK (digest <> '' OR pending <> '')
);

-- State: which step touched which object of the world, so that undo never jumps over a later write (S27).
CREATE TABLE receipts (
    run        text NOT NULL,
    path       text NOT NULL,
    object     text NOT NULL,
    team       text NOT NULL,
    at         bigint NOT NULL,
    undone_by  text NOT NULL DEFAULT '',
    undone_at  bigint,
    PRIMARY KEY (run, path, object)
);
CREATE INDEX receipts_by_object ON receipts (team, object, at);

-- State: what was used of each shared budget, and what processes may still use of it by their leases.
CREATE TABLE budget_accounts (
    id            text COLLATE "C" NOT NULL,
    period        text COLLATE "C" NOT NULL,
    money         bigint NOT NULL DEFAULT 0,
    tokens        bigint NOT NULL DEFAULT 0,
    steps         bigint NOT NULL DEFAULT 0,
    calls         bigint NOT NULL DEFAULT 0,
    leased_money  bigint NOT NULL DEFAULT 0 CHECK (leased_money >= 0),
    leased_tokens bigint NOT NULL DEFAULT 0 CHECK (leased_tokens >= 0),
    leased_steps  bigint NOT NULL DEFAULT 0 CHECK (leased_steps >= 0),
    leased_calls  bigint NOT NULL DEFAULT 0 CHECK (leased_calls >= 0),
    recall        bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (id, period)
) WITH (fillfactor = 70);

-- State: what one process may use of a shared budget, what it did use, and what calls under way may use.
CREATE TABLE budget_leases (
    account        text COLLATE "C" NOT NULL,
    period         text COLLATE "C" NOT NULL,
    holder         text COLLATE "C" NOT NULL,
    granted_money  bigint NOT NULL DEFAULT 0 CHECK (granted_money >= 0),
    granted_tokens bigint NOT NULL DEFAULT 0 CHECK (granted_tokens >= 0),
    granted_steps  bigint NOT NULL DEFAULT 0 CHECK (granted_steps >= 0),
    granted_calls  bigint NOT NULL DEFAULT 0 CHECK (granted_calls >= 0),
    used_money     bigint NOT NULL DEFAULT 0,
    used_tokens    bigint NOT NULL DEFAULT 0,
    used_steps     bigint NOT NULL DEFAULT 0,
    used_calls     bigint NOT NULL DEFAULT 0,
    open_money     bigint NOT NULL DEFAULT 0,
    open_tokens    bigint NOT NULL DEFAULT 0,
    open_steps     bigint NOT NULL DEFAULT 0,
    open_calls     bigint NOT NULL DEFAULT 0,
    answered       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account, period, holder)
) WITH (fillfactor = 70);
CREATE INDEX budget_leases_holder ON budget_leases (holder);
