-- name: proposals.add
-- Somebody proposes a change; what is to be done stands in the event that was just written.
INSERT INTO proposals (id, team, kind, name, digest, needed, stream, seq, made_at, made_by, due)
SELECT $1, $2, $3, $4, $5, $6, stream, seq, $8, $9, $10 FROM stream_heads WHERE stream = $7;

-- name: proposals.open
-- What waits for somebody else, the oldest first.
SELECT id, team, kind, name, digest, needed, votes, status, stream, seq, made_at, made_by, due, decided_at, decided_by
FROM proposals WHERE team = $1 AND status = 'open' ORDER BY made_at, id LIMIT $2;

-- name: proposals.get
-- One proposal by its id, or by how that begins.
SELECT id, team, kind, name, digest, needed, votes, status, stream, seq, made_at, made_by, due, decided_at, decided_by
FROM proposals WHERE id LIKE $1 ORDER BY id LIMIT 5;

-- name: proposals.same
-- The open proposal of exactly this.
SELECT id FROM proposals WHERE team = $1 AND kind = $2 AND name = $3 AND digest = $4 AND status = 'open';

-- name: proposals.agree
-- The last voice that was needed; what was proposed is done in the same commit.
UPDATE proposals SET status = 'approved', votes = votes + 1, decided_by = $2, decided_at = $3
WHERE id = $1 AND status = 'open' AND votes = $4 AND votes + 1 >= needed AND due > $3;

-- name: proposals.support
-- One voice more; others are still needed.
UPDATE proposals SET votes = votes + 1
WHERE id = $1 AND status = 'open' AND votes = $2 AND votes + 1 < needed AND due > $3;

-- name: proposals.close
-- It is not done: somebody said no, or whoever proposed it took it back.
UPDATE proposals SET status = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND status = 'open';

-- name: proposals.expire
-- What nobody agreed to in time is not done.
UPDATE proposals SET status = 'expired', decided_at = $2 WHERE team = $1 AND status = 'open' AND due <= $2;
