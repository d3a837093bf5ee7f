-- State: tasks that somebody outside gave: which run each of them is, and whose. Every name is a keyed tag or an identifier of
-- code; what was said stands in the run.
CREATE TABLE tasks (
    run   TEXT    NOT NULL PRIMARY KEY,
    team  TEXT    NOT NULL,
    owner TEXT    NOT NULL,
    agent TEXT    NOT NULL,
    tag   TEXT    NOT NULL UNIQUE,
    at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_by_owner ON tasks (team, owner, agent, run);

-- State: where somebody wants to be told how a task goes, sealed with the key of its run, and what was told last.
CREATE TABLE task_hooks (
    run    TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    sealed BLOB    NOT NULL,
    key_id TEXT    NOT NULL,
    seen   TEXT    NOT NULL DEFAULT '',
    told   TEXT    NOT NULL DEFAULT '',
    at     INTEGER NOT NULL,
    PRIMARY KEY (run, id)
) STRICT, WITHOUT ROWID;
