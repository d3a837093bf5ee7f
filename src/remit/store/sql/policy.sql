-- name: policy.keep
-- A set of rules is kept for good; its text stands in the event that was just written.
INSERT INTO policy_versions (team, digest, stream, seq, at)
SELECT $1, $2, stream, seq, $4 FROM stream_heads WHERE stream = $3
ON CONFLICT (team, digest) DO NOTHING;

-- name: policy.version
-- Where the text of a set of rules stands.
SELECT digest, stream, seq, at FROM policy_versions WHERE team = $1 AND digest LIKE $2 ORDER BY digest LIMIT 3;

-- name: policy.in_force
-- The rules that are in force.
SELECT digest, protected, since, by FROM policies_in_force WHERE team = $1;

-- name: policy.first
-- The first rules of a team.
INSERT INTO policies_in_force (team, digest, protected, since, by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (team) DO NOTHING;

-- name: policy.adopt
-- Other rules are in force from now on, unless somebody was faster.
UPDATE policies_in_force SET digest = $3, protected = $4, since = $5, by = $6 WHERE team = $1 AND digest = $2;

-- name: policy.revoked
-- What nobody may use any more.
SELECT kind, subject, at, by FROM revocations WHERE team = $1 ORDER BY kind, subject;

-- name: policy.revoke
-- Nobody may use this any more.
INSERT INTO revocations (team, kind, subject, at, by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (team, kind, subject) DO NOTHING;

-- name: policy.restore
-- The rules decide about it again.
DELETE FROM revocations WHERE team = $1 AND kind = $2 AND subject = $3;

-- name: policy.open_review
-- A review begins; which rights it is about stands in the event that was just written.
INSERT INTO access_reviews (id, team, stream, seq, rights, due, opened_at, opened_by)
SELECT $1, $2, stream, seq, $4, $5, $6, $7 FROM stream_heads WHERE stream = $3;

-- name: policy.reviews
-- Reviews of a team, the newest first, with how many of their rights somebody has looked at.
SELECT r.id, r.stream, r.seq, r.rights, r.due, r.opened_at, r.opened_by,
    (SELECT count(*) FROM reviewed_rights d WHERE d.review = r.id)
FROM access_reviews r WHERE r.team = $1 ORDER BY r.opened_at DESC, r.id LIMIT $2;

-- name: policy.reviewed
-- What was said about the rights of a review.
SELECT subject, verdict, at, by FROM reviewed_rights WHERE review = $1 ORDER BY subject;

-- name: policy.say
-- Somebody confirms or revokes a right; the last word counts.
INSERT INTO reviewed_rights (review, subject, verdict, at, by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (review, subject) DO UPDATE SET verdict = excluded.verdict, at = excluded.at, by = excluded.by;

-- name: policy.runs
-- Runs that took place since a time, in the order in which they began.
SELECT id FROM runs WHERE team = $1 AND (ended_at IS NULL OR ended_at >= $2) ORDER BY created_at, id LIMIT $3;
