-- name: evidence.tail (sqlite)
-- What checkpoints are made of, from a position on; with one writer, positions are in commit order.
SELECT 0, pos, stream, seq, at, kind, path, key_id, hash FROM events
WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT $3;

-- name: evidence.tail (postgres)
-- What checkpoints are made of, below the oldest transaction still open, so that none comes behind its turn (S4, S8).
SELECT tx::text::bigint, pos, stream, seq, at, kind, path, key_id, hash FROM events
WHERE (tx, pos) > ($1::bigint::text::xid8, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY tx, pos LIMIT $3;

-- name: evidence.place (sqlite)
-- Where an event stands in the order of reading.
SELECT 0, pos FROM events WHERE stream = $1 AND seq = $2;

-- name: evidence.place (postgres)
-- Where an event stands in the order of reading.
SELECT tx::text::bigint, pos FROM events WHERE stream = $1 AND seq = $2;

-- name: evidence.begin
-- The row of the checkpointer.
INSERT INTO checkpointer (id) VALUES ('log') ON CONFLICT (id) DO NOTHING;

-- name: evidence.state
-- Who makes checkpoints, and how far they have come.
SELECT epoch, holder, lease_until, size, tx, pos, stream, seq, frontier, error FROM checkpointer WHERE id = 'log';

-- name: evidence.take
-- Become the checkpointer, if nobody was faster; whoever held it before can write nothing more.
UPDATE checkpointer SET holder = $1, epoch = epoch + 1, lease_until = $2 WHERE id = 'log' AND epoch = $3;

-- name: evidence.advance
-- Go on to the next checkpoint, while this process is the checkpointer.
UPDATE checkpointer SET lease_until = $2, size = $3, tx = $4, pos = $5, stream = $6, seq = $7, frontier = $8,
    error = '' WHERE id = 'log' AND epoch = $1;

-- name: evidence.refuse
-- Note why no checkpoint is made.
UPDATE checkpointer SET error = $2 WHERE id = 'log' AND epoch = $1;

-- name: evidence.release
-- Another process may take over at once.
UPDATE checkpointer SET holder = '', lease_until = 0 WHERE id = 'log' AND epoch = $1;

-- name: evidence.add
-- A signed checkpoint.
INSERT INTO checkpoints (size, at, note, upto, late, gaps, heads) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: evidence.newest
-- The newest checkpoint.
SELECT size, at, note, upto FROM checkpoints ORDER BY size DESC LIMIT 1;

-- name: evidence.of_size
-- The checkpoint of one size.
SELECT note FROM checkpoints WHERE size = $1;

-- name: evidence.checkpoints
-- Checkpoints in order, one page.
SELECT size, at, note, upto, late, gaps FROM checkpoints WHERE size > $1 ORDER BY size LIMIT $2;

-- name: evidence.pending
-- Checkpoints that an anchor does not have yet.
SELECT size, note, heads FROM checkpoints WHERE size > $1 ORDER BY size LIMIT $2;

-- name: evidence.settled
-- Every anchor has the heads of these checkpoints.
UPDATE checkpoints SET heads = '' WHERE size <= $1 AND heads <> '';

-- name: evidence.keys
-- The public keys that have signed, oldest first.
SELECT number, public, introduction, at FROM signing_keys ORDER BY number;

-- name: evidence.add_key
-- A key that signs from here on.
INSERT INTO signing_keys (number, public, introduction, at) VALUES ($1, $2, $3, $4);

-- name: evidence.restores
-- Restores that were declared, oldest first.
SELECT note FROM restores ORDER BY number;

-- name: evidence.declare
-- The log was restored from a backup; a person says so.
INSERT INTO restores (number, at, note) SELECT 1 + count(*), $1, $2 FROM restores;

-- name: evidence.go_back
-- Anchors have nothing of this log beyond that size; what comes after it is written to them.
UPDATE anchors SET size = CASE WHEN size < $1 THEN size ELSE $1 END, contradiction = '';

-- name: evidence.anchors
-- Every anchor that was ever written to.
SELECT name, size, at, failed_at, error, contradiction FROM anchors ORDER BY name;

-- name: evidence.anchored
-- An anchor has come so far.
INSERT INTO anchors (name, size, at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET size = excluded.size, at = excluded.at, failed_at = NULL, error = '';

-- name: evidence.anchor_failed
-- An anchor cannot be written; since when is kept.
INSERT INTO anchors (name, failed_at, error) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET failed_at = coalesce(anchors.failed_at, excluded.failed_at), error = excluded.error;

-- name: evidence.forget_anchor
-- The settings do not name this anchor any more.
DELETE FROM anchors WHERE name = $1;

-- name: evidence.contradicted
-- An anchor holds something that this log never was; or does so no longer.
INSERT INTO anchors (name, contradiction) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET contradiction = excluded.contradiction;
