-- name: memory.get
-- One item of memory, by its keyed name.
SELECT id, stamp, key_id, body, size FROM memory WHERE id = $1;

-- name: memory.of_place
-- The items of one scope, page by page.
SELECT id, stamp, key_id, body, size FROM memory WHERE place = $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: memory.of_team
-- The items of one team, page by page.
SELECT id, stamp, key_id, body, size FROM memory WHERE team = $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: memory.room
-- How many items of a scope have not expired, and how many bytes they hold.
SELECT count(*), coalesce(sum(size), 0) FROM memory WHERE place = $1 AND (expires IS NULL OR expires > $2);

-- name: memory.add
-- A new item, unless somebody was faster.
INSERT INTO memory (id, team, place, scope, key_id, body, size, stamp, at, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING;

-- name: memory.replace
-- Another value in the place of the one that was seen, unless somebody was faster.
UPDATE memory SET key_id = $3, body = $4, size = $5, stamp = $6, at = $7, expires = $8
WHERE id = $1 AND stamp = $2;

-- name: memory.drop
-- Forget the item that was seen, unless somebody was faster.
DELETE FROM memory WHERE id = $1 AND stamp = $2;

-- name: memory.purge
-- What of a scope has expired goes with the next write to it, but for the item that is written.
DELETE FROM memory WHERE place = $1 AND id <> $2 AND expires <= $3;

-- name: memory.expire
-- What has expired anywhere goes.
DELETE FROM memory WHERE expires <= $1;

-- name: memory.drop_of_key
-- Destroy the sealed items of a shredded key.
DELETE FROM memory WHERE key_id = $1;
