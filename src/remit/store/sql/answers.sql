-- name: answers.get
-- One kept answer that has not expired.
SELECT key_id, run, previous, status, body, at FROM answers WHERE id = $1 AND kind = $2 AND expires > $3;

-- name: answers.line
-- A response and those that it follows, the oldest first; not more than so many.
WITH RECURSIVE line (id, previous, depth) AS (
    SELECT id, previous, 1 FROM answers WHERE id = $1 AND kind = 'response' AND expires > $2
    UNION ALL
    SELECT a.id, a.previous, line.depth + 1 FROM answers a JOIN line ON a.id = line.previous
    WHERE line.depth < $3 AND a.kind = 'response'
)
SELECT a.id, a.key_id, a.run, a.previous, a.status, a.body, a.at
FROM line JOIN answers a ON a.id = line.id ORDER BY line.depth DESC;

-- name: answers.put
-- Keep an answer, or how far it has come by now.
INSERT INTO answers (id, kind, run, key_id, previous, status, body, at, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (id) DO UPDATE SET run = excluded.run, key_id = excluded.key_id, previous = excluded.previous,
    status = excluded.status, body = excluded.body, at = excluded.at, expires = excluded.expires;

-- name: answers.drop
-- Whoever asked does not want it kept.
DELETE FROM answers WHERE id = $1 AND kind = $2;

-- name: answers.expire
-- What has expired goes.
DELETE FROM answers WHERE expires <= $1;

-- name: answers.drop_of_key
-- Destroy what was sealed with a shredded key.
DELETE FROM answers WHERE key_id = $1;
