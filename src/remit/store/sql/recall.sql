-- name: recall.runs
-- Runs that may have something in sight that came since a time, the oldest first.
SELECT id, status FROM runs WHERE team = $1 AND (ended_at IS NULL OR ended_at >= $2) ORDER BY id;
