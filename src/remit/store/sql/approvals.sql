-- name: approvals.ask
-- A question is open.
INSERT INTO approvals (id, team, run, path, seq, kind, name, grp, fingerprint, asked_at, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET status = 'open', decided_at = NULL, decided_by = '', seq = excluded.seq,
    asked_at = excluded.asked_at, due = excluded.due, grp = excluded.grp;

-- name: approvals.decide
-- Record the verdict, once: only an open question can be answered.
UPDATE approvals SET status = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND status = 'open';

-- name: approvals.close
-- Close a question that time or the run itself has settled, if it is still open.
UPDATE approvals SET status = $2, decided_at = $3 WHERE id = $1 AND status = 'open';

-- name: approvals.withdraw
-- Nobody needs to answer the open questions of a run any more.
UPDATE approvals SET status = 'withdrawn', decided_at = $2 WHERE run = $1 AND status = 'open';

-- name: approvals.escalate
-- Hand an open question to another group.
UPDATE approvals SET grp = $2, due = NULL WHERE id = $1 AND status = 'open';

-- name: approvals.get
-- One question.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at
FROM approvals WHERE id = $1;

-- name: approvals.like
-- Questions whose id begins so, open ones first.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at
FROM approvals WHERE team = $1 AND id LIKE $2
ORDER BY CASE WHEN status = 'open' THEN 0 ELSE 1 END, asked_at DESC LIMIT 5;

-- name: approvals.open
-- The questions that wait, oldest first, optionally of one group.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at
FROM approvals WHERE status = 'open' AND team = $1 AND ($2::text IS NULL OR grp = $2) ORDER BY asked_at LIMIT $3;

-- name: approvals.unresolved
-- Runs in which a write with this fingerprint is still unknown (S11).
SELECT run, path FROM approvals WHERE fingerprint = $1 AND status = 'open';

-- name: approvals.none_unresolved
-- Touches the run only if no write with this fingerprint is unknown in it or in a run it descends from (S11).
UPDATE runs SET mail = mail
WHERE id = $1 AND NOT EXISTS (
    SELECT 1 FROM approvals a
    WHERE a.fingerprint = $2 AND a.status = 'open' AND ($1 = a.run OR $1 LIKE a.run || '.%'));
