-- name: exchanges.get
-- The run that a tag stands for, with the digest of what was asked.
SELECT run, kind, body, at FROM exchanges WHERE tag = $1;

-- name: exchanges.add
-- Remember which run an action or a request has; refused where another one has it.
INSERT INTO exchanges (tag, run, kind, body, at) VALUES ($1, $2, $3, $4, $5);

-- name: exchanges.drop
-- Whoever asked was told how it ended.
DELETE FROM exchanges WHERE tag = $1;

-- name: exchanges.sweep
-- Nobody asks again after so long.
DELETE FROM exchanges WHERE at < $1;
