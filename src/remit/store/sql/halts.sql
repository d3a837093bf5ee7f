-- name: halts.add
-- Something is halted; why stands in the event that was just written.
INSERT INTO halts (id, team, scope, target, mode, at, made_by, until, stream, seq)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, stream, seq FROM stream_heads WHERE stream = $9;

-- name: halts.lift
-- It does not stand any more.
UPDATE halts SET lifted_at = $2, lifted_by = $3 WHERE id = $1 AND lifted_at IS NULL;

-- name: halts.bump
-- What is halted has changed: claims made before somebody has looked are refused.
INSERT INTO halt_state (id, version) VALUES (1, 1)
ON CONFLICT (id) DO UPDATE SET version = halt_state.version + 1;

-- name: halts.version
-- Which state of the halts it is.
SELECT version FROM halt_state WHERE id = 1;

-- name: halts.standing
-- What was not lifted, the oldest first; some may have ended by themselves.
SELECT id, team, scope, target, mode, at, made_by, until, stream, seq, lifted_at, lifted_by
FROM halts WHERE lifted_at IS NULL ORDER BY at, id;

-- name: halts.list
-- Halts of a team and those of everything, newest first.
SELECT id, team, scope, target, mode, at, made_by, until, stream, seq, lifted_at, lifted_by
FROM halts WHERE team = $1 OR scope = 'all' ORDER BY at DESC, id LIMIT $2;

-- name: halts.get
-- One halt.
SELECT id, team, scope, target, mode, at, made_by, until, stream, seq, lifted_at, lifted_by
FROM halts WHERE id = $1;

-- name: halts.pass
-- In the commit of a claim: nothing was halted or lifted since its process has looked (S20). The row is that of the
-- claim itself, so nobody else waits for it.
UPDATE open_writes SET fingerprint = fingerprint
WHERE run = $1 AND path = $2 AND NOT EXISTS (SELECT 1 FROM halt_state WHERE version <> $3);

-- name: halts.still
-- In the commit of a write that is its own claim, such as one to memory: nothing was halted or lifted since it was let
-- pass (S20). The row is that of its run, so nobody else waits for it.
UPDATE runs SET id = id WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM halt_state WHERE version <> $2);

-- name: halts.wake
-- Something was lifted: runs that stand still look again.
UPDATE runs SET due = $1 WHERE status = 'parked' AND reason = 'halted' AND (due IS NULL OR due > $1);

-- name: halts.parked
-- How many runs stand still.
SELECT count(*) FROM runs WHERE status = 'parked' AND reason = 'halted';
