-- name: receipts.add
-- A step touched an object of the world; the object is named by a keyed tag.
INSERT INTO receipts (team, object, run, path, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (run, path, object) DO NOTHING;

-- name: receipts.later
-- Other runs that touched an object since, and whose receipts still stand.
SELECT run, path, at FROM receipts
WHERE team = $1 AND object = $2 AND run <> $3 AND at > $4 AND undone_at IS NULL ORDER BY at LIMIT 20;

-- name: receipts.take_back
-- A receipt was undone, and does not stand any more.
UPDATE receipts SET undone_by = $3, undone_at = $4 WHERE run = $1 AND path = $2 AND undone_at IS NULL;
