-- name: limits.in_force
-- The budgets or the rules of retention that are in force, and where they stand.
SELECT digest, protected, stream, seq FROM limits_in_force WHERE team = $1 AND name = $2;

-- name: limits.first
-- The first ones of a team; what they say stands in the event that was just written.
INSERT INTO limits_in_force (team, name, digest, protected, stream, seq, since, by)
SELECT $1, $2, $3, $4, stream, seq, $6, $7 FROM stream_heads WHERE stream = $5
ON CONFLICT (team, name) DO NOTHING;

-- name: limits.adopt
-- Others are in force from now on, unless somebody was faster; what they say stands in the event that was just written.
UPDATE limits_in_force SET digest = $4, protected = $5, stream = $6, since = $7, by = $8,
    seq = (SELECT h.seq FROM stream_heads h WHERE h.stream = $6)
WHERE team = $1 AND name = $2 AND digest = $3;
