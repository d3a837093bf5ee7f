-- name: projections.cursor
-- How far a projection has read.
SELECT tx, pos FROM projections WHERE name = $1;

-- name: projections.begin
-- Make sure that the projection has a cursor that can be moved.
INSERT INTO projections (name, tx, pos) VALUES ($1, 0, 0) ON CONFLICT (name) DO NOTHING;

-- name: projections.advance
-- Move the cursor with what was written, if no other process has.
UPDATE projections SET tx = $4, pos = $5 WHERE name = $1 AND tx = $2 AND pos = $3;

-- name: projections.read (sqlite)
-- What happened in each stream since a position, without any content: where that ends, how many events and steps there
-- were, and the last of them, which is the one that `max` found. With one writer, positions are in commit order.
SELECT 0, max(pos), stream, count(*), sum(kind IN ('step.done', 'step.failed')), at, kind
FROM (SELECT pos, stream, kind, at FROM events WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT $3) GROUP BY stream;

-- name: projections.read (postgres)
-- What happened in each stream since a position, without any content: where that ends, how many events and steps there
-- were, and the last of them; below the oldest open transaction, so that no late commit is skipped (S4).
SELECT (array_agg(tx::text::bigint ORDER BY tx DESC, pos DESC))[1], (array_agg(pos ORDER BY tx DESC, pos DESC))[1],
    stream, count(*), count(*) FILTER (WHERE kind IN ('step.done', 'step.failed')),
    (array_agg(at ORDER BY tx DESC, pos DESC))[1], (array_agg(kind ORDER BY tx DESC, pos DESC))[1]
FROM (
    SELECT tx, pos, stream, kind, at FROM events
    WHERE (tx, pos) > ($1::bigint::text::xid8, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY tx, pos LIMIT $3) AS batch
GROUP BY stream;

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
