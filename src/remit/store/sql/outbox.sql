-- name: outbox.held
-- What of a run and its children is held back, the newest first.
SELECT id, run, path, name, asked_at, due FROM approvals
WHERE grp = 'outbox' AND status = 'open' AND team = $1 AND (run = $2 OR run LIKE $2 || '.%') ORDER BY asked_at DESC, id;
