-- name: tasks.add
-- A run is a task of somebody outside; the same message makes one task.
INSERT INTO tasks (run, team, owner, agent, tag, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tag) DO NOTHING;

-- name: tasks.tagged
-- The task that a message has made already.
SELECT run FROM tasks WHERE tag = $1;

-- name: tasks.get
-- One task, if it is this owner's.
SELECT run, agent FROM tasks WHERE run = $1 AND team = $2 AND owner = $3 AND ($4::text IS NULL OR agent = $4);

-- name: tasks.listed
-- The tasks of an owner, those first in which something happened last, optionally of one context.
SELECT r.id, r.team, r.flow, r.status, r.reason, r.due, r.priority, r.owner, r.epoch, r.pin, r.parent, r.key_id,
       r.base_seq, r.generation, r.mail, r.paused, r.error, r.session, r.created_at, r.ended_at,
       (SELECT e.at FROM events e WHERE e.stream = 'run:' || t.run ORDER BY e.seq DESC LIMIT 1) AS changed
FROM tasks t JOIN runs r ON r.id = t.run
WHERE t.team = $1 AND t.owner = $2 AND t.agent = $3 AND ($4::text IS NULL OR r.session = $4)
ORDER BY changed DESC, t.run DESC LIMIT $5;

-- name: tasks.hook
-- Somebody wants to be told of a task, here.
INSERT INTO task_hooks (run, id, sealed, key_id, seen, told, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (run, id) DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id, at = excluded.at;

-- name: tasks.unhook
-- Nobody is told there any more.
DELETE FROM task_hooks WHERE run = $1 AND id = $2;

-- name: tasks.hooks
-- Where somebody is told of a task.
SELECT run, id, sealed, key_id, told, at FROM task_hooks WHERE run = $1 ORDER BY at, id;

-- name: tasks.untold
-- Tasks that may stand elsewhere than somebody was told last.
SELECT k.run, k.id, k.told, r.status || ':' || r.reason FROM task_hooks k JOIN runs r ON r.id = k.run
WHERE k.seen <> r.status || ':' || r.reason ORDER BY k.at LIMIT $1;

-- name: tasks.told
-- Somebody is being told where a task stands; of two that would tell them, one does.
UPDATE task_hooks SET seen = $3, told = $4 WHERE run = $1 AND id = $2 AND told = $5;

-- name: tasks.count_hooks
-- How many notifications are sealed with a key.
SELECT count(*) FROM task_hooks WHERE key_id = $1;

-- name: tasks.drop_of_key
-- What a key sealed goes with it.
DELETE FROM task_hooks WHERE key_id = $1;
