-- name: grants.add
-- A grant exists; what it covers stands in the event that was just written.
INSERT INTO grants (id, team, tool, agent, run, uses, expires_at, stream, seq, created_at, created_by)
SELECT $1, $2, $3, $4, $5, $6, $7, stream, seq, $9, $10 FROM stream_heads WHERE stream = $8;

-- name: grants.living
-- Grants about a tool that still cover something, those for one run and the narrowest first.
SELECT id, team, tool, agent, run, uses, used, expires_at, stream, seq, created_at, created_by, revoked_at, revoked_by
FROM grants WHERE team = $1 AND tool = $2 AND revoked_at IS NULL AND expires_at > $3 AND used < uses
ORDER BY CASE WHEN run <> '' THEN 0 ELSE 1 END, CASE WHEN agent <> '' THEN 0 ELSE 1 END, expires_at, id;

-- name: grants.again
-- A grant that an earlier attempt of the same action has used, if it is neither over nor revoked.
SELECT id, team, tool, agent, run, uses, used, expires_at, stream, seq, created_at, created_by, revoked_at, revoked_by
FROM grants WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2;

-- name: grants.list
-- All grants of a team, newest first.
SELECT id, team, tool, agent, run, uses, used, expires_at, stream, seq, created_at, created_by, revoked_at, revoked_by
FROM grants WHERE team = $1 ORDER BY created_at DESC, id LIMIT $2;

-- name: grants.get
-- One grant by its id, or by how that begins.
SELECT id, team, tool, agent, run, uses, used, expires_at, stream, seq, created_at, created_by, revoked_at, revoked_by
FROM grants WHERE id LIKE $1 ORDER BY id LIMIT 5;

-- name: grants.revoke
-- It covers nothing from now on.
UPDATE grants SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL;

-- name: grants.used
-- How many questions grants have answered since a time.
SELECT coalesce(sum(used), 0) FROM grants WHERE team = $1 AND created_at >= $2;
