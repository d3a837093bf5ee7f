-- name: approvals.ask
-- A question is open.
INSERT INTO approvals (id, team, run, path, seq, kind, name, grp, fingerprint, asked_at, due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (id) DO UPDATE SET status = 'open', decided_at = NULL, decided_by = '', seq = excluded.seq,
    asked_at = excluded.asked_at, due = excluded.due, grp = excluded.grp,
    quorum = 1, votes = 0, revision = 0, used = 0, requester = '', assignee = '', edit_seq = NULL,
    edited = 0;

-- name: approvals.terms
-- How many people have to agree to a question that was just opened, and who asked for what it is about.
UPDATE approvals SET quorum = $2, requester = $3 WHERE id = $1;

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
UPDATE approvals SET grp = $2, due = NULL, assignee = '' WHERE id = $1 AND status = 'open';

-- name: approvals.get
-- One question.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at,
    quorum, votes, revision, used, requester, assignee, canary, edit_seq
FROM approvals WHERE id = $1;

-- name: approvals.like
-- Questions whose id begins so, open ones first.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at,
    quorum, votes, revision, used, requester, assignee, canary, edit_seq
FROM approvals WHERE team = $1 AND id LIKE $2
ORDER BY CASE WHEN status = 'open' THEN 0 ELSE 1 END, asked_at DESC LIMIT 5;

-- name: approvals.open
-- The questions that wait, oldest first, optionally of one group.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at,
    quorum, votes, revision, used, requester, assignee, canary, edit_seq
FROM approvals WHERE status = 'open' AND team = $1 AND ($2::text IS NULL OR grp = $2) ORDER BY asked_at LIMIT $3;

-- name: approvals.unresolved
-- Runs in which a write with this fingerprint is still unknown (S11).
SELECT run, path FROM approvals WHERE fingerprint = $1 AND status = 'open';

-- name: approvals.agree
-- The last voice that was needed, for the question as it was looked at.
UPDATE approvals SET status = 'approved', votes = votes + 1, decided_by = $2, decided_at = $3
WHERE id = $1 AND status = 'open' AND seq = $4 AND revision = $5 AND votes = $6 AND votes + 1 >= quorum;

-- name: approvals.vote
-- One voice more, for the question as it was looked at; others are still needed.
UPDATE approvals SET votes = votes + 1
WHERE id = $1 AND status = 'open' AND seq = $2 AND revision = $3 AND votes = $4 AND votes + 1 < quorum;

-- name: approvals.other
-- The verdict put something else in the place of what was asked about.
UPDATE approvals SET edited = 1 WHERE id = $1;

-- name: approvals.voice
-- Whose voice that was; nobody has two.
INSERT INTO votes (subject, asked, revision, person, at) VALUES ($1, $2, $3, $4, $5);

-- name: approvals.voices
-- Who has agreed so far.
SELECT person, at FROM votes WHERE subject = $1 AND asked = $2 AND revision = $3 ORDER BY at, person;

-- name: approvals.edit
-- The question is another one now: everybody has to look again.
UPDATE approvals SET revision = revision + 1, votes = 0, edit_seq = (SELECT seq FROM stream_heads WHERE stream = $4)
WHERE id = $1 AND status = 'open' AND seq = $2 AND revision = $3;

-- name: approvals.delegate
-- Hand an open question to a person or another group.
UPDATE approvals SET grp = $2, assignee = $3 WHERE id = $1 AND status = 'open';

-- name: approvals.note
-- Something was asked back or answered; the words stand at the end of the stream.
INSERT INTO approval_notes (approval, asked, stream, seq, kind, at)
SELECT $1, $2, stream, seq, $4, $5 FROM stream_heads WHERE stream = $3;

-- name: approvals.notes
-- What was asked back and answered, in order.
SELECT stream, seq, kind, at FROM approval_notes WHERE approval = $1 AND asked = $2 ORDER BY seq;

-- name: approvals.seed
-- A request that ought to be refused, among the real ones.
INSERT INTO approvals (id, team, run, path, seq, kind, name, grp, asked_at, due, requester, quorum, canary)
SELECT $1, $2, $3, $4, seq, 'approval', $6, $7, $8, $9, $10, $11, 1 FROM stream_heads WHERE stream = $5;

-- name: canaries.open
-- The canaries that somebody could be looking at.
SELECT id, run, seq, asked_at, status, decided_by, due FROM approvals
WHERE canary = 1 AND status = 'open' AND team = $1 AND (due IS NULL OR due >= $2) ORDER BY asked_at;

-- name: canaries.waits
-- Whether a canary that nobody answered pretends to belong to this run.
SELECT 1 FROM approvals WHERE canary = 1 AND status = 'open' AND run = $1;

-- name: canaries.late
-- Canaries whose time is over and that nobody answered.
SELECT id FROM approvals WHERE canary = 1 AND status = 'open' AND team = $1 AND due < $2;

-- name: canaries.of_run
-- The canaries that pretend to belong to a run named like this, the open ones first.
SELECT id, run, seq, asked_at, status, decided_by, due FROM approvals
WHERE canary = 1 AND team = $1 AND run LIKE $2
ORDER BY CASE WHEN status = 'open' THEN 0 ELSE 1 END, asked_at DESC LIMIT 5;

-- name: approvals.latest
-- The latest question of this kind that was really asked.
SELECT id, team, run, path, seq, kind, name, grp, asked_at, due, status, decided_by, decided_at,
    quorum, votes, revision, used, requester, assignee, canary, edit_seq
FROM approvals WHERE team = $1 AND kind = 'approval' AND grp <> 'outbox' AND canary = 0 AND ($2::text IS NULL OR grp = $2)
ORDER BY asked_at DESC LIMIT 20;

-- name: approvals.numbers
-- What became of the questions that rules asked since a time; what was only held back for a while asks nobody.
SELECT status, canary, asked_at, decided_at, name FROM approvals
WHERE team = $1 AND kind = 'approval' AND grp <> 'outbox' AND asked_at >= $2 ORDER BY asked_at;

-- name: approvals.claimed
-- How many writes were claimed since a time; each counts once, however often it was tried.
SELECT count(*) FROM (
    SELECT DISTINCT stream, path FROM events WHERE kind = 'step.claimed' AND team = $1 AND at >= $2) AS writes;
