-- name: replays.runs
-- Tasks of ours that began since a moment and are over, the newest first, perhaps of one flow or agent.
SELECT id, flow FROM traces
WHERE team = $1 AND started >= $2 AND sort = 'task' AND source = '' AND status IN ('succeeded', 'failed')
    AND ended IS NOT NULL AND ($3 = '' OR flow = $3 OR agent = $3)
ORDER BY started DESC, id DESC LIMIT $4;

-- name: replays.golden
-- Where in the stream of a team it was last said what came of the golden runs.
SELECT max(seq) FROM events WHERE stream = $1 AND kind = 'golden.replayed' HAVING max(seq) IS NOT NULL;
