-- name: consents.use_approval
-- A consent is used for an attempt, in the commit of its claim; $2 is how often it was used for earlier ones (S20).
UPDATE approvals SET used = used + 1 WHERE id = $1 AND status = 'approved' AND used = $2;

-- name: consents.use_grant
-- One use of a grant, in the commit of what it lets pass, unless it is used up, over or revoked by then.
UPDATE grants SET used = used + 1
WHERE id = $1 AND revoked_at IS NULL AND expires_at > $2 AND used < uses;
