-- name: inbox.add_shared
-- Leave a message whose event was just written at the end of a shared stream.
INSERT INTO inbox (run, id, kind, name, stream, seq, at)
SELECT $1, $2, $3, $4, stream, seq, $6 FROM stream_heads WHERE stream = $5
ON CONFLICT (run, id) DO NOTHING;

-- name: inbox.add
-- Leave a message whose event stands at a known place.
INSERT INTO inbox (run, id, kind, name, stream, seq, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (run, id) DO NOTHING;

-- name: inbox.read
-- The messages of a run in the order in which they came.
SELECT id, kind, name, stream, seq FROM inbox WHERE run = $1 ORDER BY n;

-- name: inbox.take
-- Remove a message: its delivery is journaled in the same transaction.
DELETE FROM inbox WHERE run = $1 AND id = $2;

-- name: inbox.clear
-- Drop what an ended run never asked for.
DELETE FROM inbox WHERE run = $1;

-- name: inbox.sweep
-- Drop mail that ended runs never asked for.
DELETE FROM inbox WHERE run IN (SELECT id FROM runs WHERE ended_at IS NOT NULL);
