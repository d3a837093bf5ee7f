-- name: projections.cursor
-- How far a projection has read.
SELECT tx, pos FROM projections WHERE name = $1;

-- name: projections.advance
-- Record how far a projection has read, with what it wrote.
INSERT INTO projections (name, tx, pos) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET tx = excluded.tx, pos = excluded.pos;

-- name: projections.add_facts
-- Add what one batch of the log says about a run.
INSERT INTO run_facts (run, events, steps, last_at, last) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (run) DO UPDATE SET events = run_facts.events + excluded.events,
    steps = run_facts.steps + excluded.steps, last_at = excluded.last_at, last = excluded.last;

-- name: projections.facts
-- What is known about a run.
SELECT events, steps, last_at, last FROM run_facts WHERE run = $1;

-- name: projections.drop_facts
-- Forget everything derived; it is rebuilt from the log.
DELETE FROM run_facts;

-- name: projections.reset
-- Start reading from the beginning again.
DELETE FROM projections WHERE name = $1;
