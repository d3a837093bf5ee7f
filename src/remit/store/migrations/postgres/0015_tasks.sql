-- State: tasks that somebody outside gave: which run each of them is, and whose. Every name is a keyed tag or an identifier of
-- code; what was said stands in the run.
CREATE TABLE tasks (
    run   text COLLATE "C" NOT NULL PRIMARY KEY,
    team  text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    agent text COLLATE "C" NOT NULL,
    tag   text COLLATE "C" NOT NULL UNIQUE,
    at    bigint NOT NULL
);
CREATE INDEX tasks_by_owner ON tasks (team, owner, agent, run);

-- State: where somebody wants to be told how a task goes, sealed with the key of its run, and what was told last.
CREATE TABLE task_hooks (
    run    text COLLATE "C" NOT NULL,
    id     text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    seen   text NOT NULL DEFAULT '',
    told   text NOT NULL DEFAULT '',
    at     bigint NOT NULL,
    PRIMARY KEY (run, id)
);
