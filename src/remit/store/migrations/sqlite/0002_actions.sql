-- State: which definition of each tool somebody accepted, and the one that waits for it. A tool that was never
-- accepted has an empty digest; one that nothing waits for has an empty `pending`.
CREATE TABLE tool_digests (
    team             TEXT    NOT NULL,
    tool             TEXT    NOT NULL,
    digest           TEXT    NOT NULL DEFAULT '',
    accepted_by      TEXT    NOT NULL DEFAULT '',
    accepted_at      INTEGER,
    manifest         TEXT    NOT NULL DEFAULT '',
    pending          TEXT    NOT NULL DEFAULT '',
    pending_manifest TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (team, tool),
    CHECK ((accepted_at IS NULL) = (digest = '')),
    CHECK (digest <> '' OR pending <> '')
) STRICT, WITHOUT ROWID;

-- State: which step touched which object of the world, so that undo never jumps over a later write (S27).
CREATE TABLE receipts (
    run        TEXT NOT NULL,
    path       TEXT NOT NULL,
    object     TEXT NOT NULL,
    team       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    undone_by  TEXT NOT NULL DEFAULT '',
    undone_at  INTEGER,
    PRIMARY KEY (run, path, object)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_by_object ON receipts (team, object, at);

-- State: what was used of each shared budget, and what processes may still use of it by their leases.
CREATE TABLE budget_accounts (
    id            TEXT NOT NULL,
    period        TEXT NOT NULL,
    money         INTEGER NOT NULL DEFAULT 0,
    tokens        INTEGER NOT NULL DEFAULT 0,
    steps         INTEGER NOT NULL DEFAULT 0,
    calls         INTEGER NOT NULL DEFAULT 0,
    leased_money  INTEGER NOT NULL DEFAULT 0 CHECK (leased_money >= 0),
    leased_tokens INTEGER NOT NULL DEFAULT 0 CHECK (leased_tokens >= 0),
    leased_steps  INTEGER NOT NULL DEFAULT 0 CHECK (leased_steps >= 0),
    leased_calls  INTEGER NOT NULL DEFAULT 0 CHECK (leased_calls >= 0),
    recall        INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, period)
) STRICT, WITHOUT ROWID;

-- State: what one process may use of a shared budget, what it did use, and what calls under way may use.
CREATE TABLE budget_leases (
    account        TEXT NOT NULL,
    period         TEXT NOT NULL,
    holder         TEXT NOT NULL,
    granted_money  INTEGER NOT NULL DEFAULT 0 CHECK (granted_money >= 0),
    granted_tokens INTEGER NOT NULL DEFAULT 0 CHECK (granted_tokens >= 0),
    granted_steps  INTEGER NOT NULL DEFAULT 0 CHECK (granted_steps >= 0),
    granted_calls  INTEGER NOT NULL DEFAULT 0 CHECK (granted_calls >= 0),
    used_money     INTEGER NOT NULL DEFAULT 0,
    used_tokens    INTEGER NOT NULL DEFAULT 0,
    used_steps     INTEGER NOT NULL DEFAULT 0,
    used_calls     INTEGER NOT NULL DEFAULT 0,
    open_money     INTEGER NOT NULL DEFAULT 0,
    open_tokens    INTEGER NOT NULL DEFAULT 0,
    open_steps     INTEGER NOT NULL DEFAULT 0,
    open_calls     INTEGER NOT NULL DEFAULT 0,
    answered       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, period, holder)
) STRICT, WITHOUT ROWID;
CREATE INDEX budget_leases_holder ON budget_leases (holder);
