-- name: redteam.add
-- Attacks were played; what came of them stands in the event that was just written.
INSERT INTO attack_reports (team, id, whole, reached, untried, tried, stream, seq, at)
SELECT $1, $2, $3, $4, $5, $6, stream, seq, $8 FROM stream_heads WHERE stream = $7;

-- name: redteam.list
-- Reports of a team, the newest first.
SELECT id, whole, reached, untried, tried, stream, seq, at FROM attack_reports
WHERE team = $1 ORDER BY at DESC, id DESC LIMIT $2;

-- name: redteam.like
-- Reports whose id begins or ends so.
SELECT id, whole, reached, untried, tried, stream, seq, at FROM attack_reports
WHERE team = $1 AND id LIKE $2 ORDER BY id LIMIT 5;

-- name: redteam.last
-- The last report about everything.
SELECT id, whole, reached, untried, tried, stream, seq, at FROM attack_reports
WHERE team = $1 AND whole = 1 ORDER BY at DESC, id DESC LIMIT 1;

-- name: redteam.turn
-- This process sees to the report that is due, unless another does.
INSERT INTO attack_turns (team, turn, at) VALUES ($1, $2, $3);

-- name: redteam.turned
-- The turns that are long over.
DELETE FROM attack_turns WHERE team = $1 AND turn < $2;

-- name: redteam.begun
-- When a worker last began to make the report that was due.
SELECT max(at) FROM attack_turns WHERE team = $1;
