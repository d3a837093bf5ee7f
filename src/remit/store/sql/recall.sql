-- name: recall.runs
-- Runs that may have something in sight that came since a time, the oldest first.
SELECT id, status, parent FROM runs WHERE team = $1 AND (ended_at IS NULL OR ended_at >= $2) ORDER BY id;

-- name: recall.read
-- What badness travels by in one run, from a sequence number on, one page.
SELECT stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM events WHERE stream = $1 AND seq >= $2 AND kind IN (
    'run.created', 'run.ended', 'step.claimed', 'step.done', 'action.admitted', 'wait.opened', 'wait.closed'
) ORDER BY seq LIMIT $3;

-- name: recall.stepping
-- Runs in which a step of this name was done; names stand in paths.
SELECT DISTINCT stream FROM events WHERE team = $1 AND kind = 'step.done'
    AND (path = $3 OR path LIKE $3 || '#%' OR path LIKE '%/' || $3 OR path LIKE '%/' || $3 || '#%')
    AND stream IN (SELECT 'run:' || id FROM runs WHERE team = $1 AND (ended_at IS NULL OR ended_at >= $2));

-- name: recall.scan
-- What runs were asked, what they answered and heard, sealed, in the order of streams, with the key of each; one page.
SELECT e.stream, e.seq, e.key_id, e.body, k.wrapped FROM events e JOIN data_keys k ON k.id = e.key_id
WHERE e.team = $1 AND (e.stream, e.seq) > ($3, $4) AND k.wrapped IS NOT NULL
    AND e.kind IN ('run.created', 'step.claimed', 'step.done', 'action.admitted', 'wait.closed')
    AND e.stream IN (SELECT 'run:' || id FROM runs WHERE team = $1 AND (ended_at IS NULL OR ended_at >= $2))
ORDER BY e.stream, e.seq LIMIT $5;
