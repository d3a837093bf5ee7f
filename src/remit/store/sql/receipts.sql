-- name: receipts.add
-- A step touched an object of the world; the object is named by a keyed tag.
INSERT INTO receipts (team, object, run, path, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (run, path, object) DO NOTHING;

-- name: receipts.later
-- Other runs that touched an object since, and whose receipts still stand.
SELECT run, path, at FROM receipts
WHERE team = $1 AND object = $2 AND run <> $3 AND at > $4 AND undone_at IS NULL ORDER BY at LIMIT 20;

-- name: receipts.state
-- Who took an object of a receipt back, or has it in hand and did not end.
SELECT undone_by, (SELECT id FROM runs WHERE id = taking_by AND ended_at IS NULL)
FROM receipts WHERE run = $1 AND path = $2 AND object = $3;

-- name: receipts.take
-- An undo takes an object in hand, unless it is taken back already, or another one that goes on has it.
UPDATE receipts SET taking_by = $4
WHERE run = $1 AND path = $2 AND object = $3 AND undone_at IS NULL
  AND (taking_by IN ('', $4) OR taking_by IN (SELECT id FROM runs WHERE ended_at IS NOT NULL));

-- name: receipts.let_go
-- It could not be taken back, and another may try.
UPDATE receipts SET taking_by = '' WHERE run = $1 AND path = $2 AND object = $3 AND taking_by = $4;

-- name: receipts.take_back
-- An object of a receipt was taken back, and does not stand any more.
UPDATE receipts SET undone_by = $4, undone_at = $5, taking_by = ''
WHERE run = $1 AND path = $2 AND object = $3 AND undone_at IS NULL;
