-- name: log.append (sqlite)
-- Add one sealed event; the unique index on (stream, seq) refuses a second pen.
INSERT INTO events (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: log.append (postgres)
-- Add a batch of sealed events in one statement: the worker's row is locked so that a takeover waits, and events
-- under a claim that this worker no longer holds are left out (S2). What was added comes back with its position: by
-- hash, for a writer that has lost its run may have sealed another event for the same place.
WITH worker AS MATERIALIZED (
    SELECT 1 FROM workers WHERE id = $14 AND epoch = $15 AND fenced_at IS NULL FOR SHARE),
owned AS MATERIALIZED (
    SELECT id, epoch FROM runs WHERE id = ANY ($12::text[]) AND owner = $14 AND EXISTS (SELECT 1 FROM worker))
INSERT INTO events (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash)
SELECT stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
            $7::bytea[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::text[], $13::bigint[])
     AS e (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash, run, claim)
WHERE run IS NULL OR (run, claim) IN (SELECT id, epoch FROM owned)
RETURNING hash, pos;

-- name: log.append_lives (postgres)
-- Add a batch of events together with the runs that begin and end by them, in one statement and one round trip.
-- Everything stands under the claim of its commit: a fenced-off owner neither begins nor ends a run.
WITH worker AS MATERIALIZED (
    SELECT 1 FROM workers WHERE id = $14 AND epoch = $15 AND fenced_at IS NULL FOR SHARE),
owned AS MATERIALIZED (
    SELECT id, epoch FROM runs WHERE id = ANY ($12::text[]) AND owner = $14 AND EXISTS (SELECT 1 FROM worker)),
added AS (
    INSERT INTO events (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash)
    SELECT stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                $7::bytea[], $8::text[], $9::bytea[], $10::bytea[], $11::bytea[], $12::text[], $13::bigint[])
         AS e (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash, run, claim)
    WHERE run IS NULL OR (run, claim) IN (SELECT id, epoch FROM owned)
    RETURNING hash, pos),
keys AS (
    INSERT INTO data_keys (id, team, subject_tag, wrapped, created_at)
    SELECT id, team, subject_tag, wrapped, at
    FROM unnest($16::text[], $17::text[], $18::text[], $19::bytea[], $20::bigint[], $21::text[], $22::bigint[])
         AS k (id, team, subject_tag, wrapped, at, run, claim)
    WHERE run IS NULL OR (run, claim) IN (SELECT id, epoch FROM owned)
    ON CONFLICT (id) DO NOTHING),
born AS (
    INSERT INTO runs (id, team, flow, status, due, priority, owner, epoch, pin, parent, key_id, session, created_at)
    SELECT id, team, flow, status, due, priority, owner, epoch, pin, parent, key_id, session, created_at
    FROM unnest($23::text[], $24::text[], $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::text[],
                $30::bigint[], $31::text[], $32::text[], $33::text[], $34::text[], $35::bigint[],
                $36::text[], $37::bigint[])
         AS b (id, team, flow, status, due, priority, owner, epoch, pin, parent, key_id, session, created_at,
               run, claim)
    WHERE run IS NULL OR (run, claim) IN (SELECT id, epoch FROM owned)),
ended AS (
    UPDATE runs SET status = f.status, owner = NULL, due = NULL, reason = '', error = f.error, ended_at = f.at
    FROM unnest($38::text[], $39::text[], $40::text[], $41::bigint[], $42::text[], $43::bigint[])
         AS f (id, status, error, at, run, claim)
    WHERE runs.id = f.id AND (f.run IS NULL OR (f.run, f.claim) IN (SELECT id, epoch FROM owned)))
SELECT hash, pos FROM added;

-- name: log.hold (sqlite)
-- Which of these runs a worker holds, and under which claim, if it lives as it was registered (S2).
SELECT runs.id, runs.epoch FROM json_each($3) AS wanted JOIN runs ON runs.id = wanted.value
JOIN workers ON workers.id = runs.owner
WHERE workers.id = $1 AND workers.epoch = $2 AND workers.fenced_at IS NULL;

-- name: log.hold (postgres)
-- Which of these runs a worker holds, its row locked so that a takeover waits (S2).
WITH worker AS MATERIALIZED (
    SELECT 1 FROM workers WHERE id = $1 AND epoch = $2 AND fenced_at IS NULL FOR SHARE)
SELECT id, epoch FROM runs WHERE id = ANY ($3::text[]) AND owner = $1 AND EXISTS (SELECT 1 FROM worker);

-- name: log.heads (postgres)
-- The ends of shared streams, locked in one order so that two batches cannot wait for each other.
SELECT stream, seq, hash FROM stream_heads WHERE stream = ANY ($1::text[]) ORDER BY stream FOR UPDATE;

-- name: log.found (postgres)
-- What the log holds at these places, to settle an ambiguous commit (S2).
SELECT e.stream, e.seq, e.hash, e.pos
FROM events e JOIN unnest($1::text[], $2::bigint[]) AS wanted (stream, seq) USING (stream, seq);

-- name: log.mark_batch (postgres)
-- Number a batch that has no event; no row comes back if this very batch is durable already.
INSERT INTO batches (writer, n) VALUES ($1, $2)
ON CONFLICT (writer) DO UPDATE SET n = excluded.n, at = now() WHERE batches.n < excluded.n
RETURNING n;

-- name: log.backend (postgres)
-- The server process of this connection.
SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid();

-- name: log.end_backend (postgres)
-- End the server process of a lost connection, and wait until its transaction is over.
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2;

-- name: log.forget_batches (postgres)
-- Drop the numbers of a writer that ended, and of writers that were killed long ago.
DELETE FROM batches WHERE writer = $1 OR at < now() - interval '7 days';

-- name: log.add_blob
-- Store a blob once; the same content under the same key has the same name.
INSERT INTO blobs (id, key_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING;

-- name: log.head
-- The end of a shared stream, locked until the transaction ends.
SELECT seq, hash FROM stream_heads WHERE stream = $1;

-- name: log.head (postgres)
-- The end of a shared stream, locked until the transaction ends.
SELECT seq, hash FROM stream_heads WHERE stream = $1 FOR UPDATE;

-- name: log.open_stream
-- Make sure a shared stream has a head that can be locked.
INSERT INTO stream_heads (stream, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (stream) DO NOTHING;

-- name: log.move_head
-- Record the new end of a shared stream.
UPDATE stream_heads SET seq = $2, hash = $3 WHERE stream = $1;

-- name: log.read
-- Events of one stream in order, from a sequence number on, one page.
SELECT stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM events WHERE stream = $1 AND seq >= $2 ORDER BY seq LIMIT $3;

-- name: log.positions
-- The position of one event.
SELECT pos FROM events WHERE stream = $1 AND seq = $2;

-- name: log.same
-- The hash that the log holds at a place, to settle an ambiguous commit (S2).
SELECT hash FROM events WHERE stream = $1 AND seq = $2;

-- name: log.blob
-- One blob by its keyed name.
SELECT id, key_id, body FROM blobs WHERE id = $1;

-- name: log.tail (sqlite)
-- The whole log in commit order; with one writer, the position is that order.
SELECT 0, pos, stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM events WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT $3;

-- name: log.tail (postgres)
-- The whole log by transaction, below the oldest one still open, so that no late commit is ever skipped (S4).
SELECT tx::text::bigint, pos, stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM events
WHERE (tx, pos) > ($1::bigint::text::xid8, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY tx, pos LIMIT $3;

-- name: log.count
-- How many events a stream has.
SELECT count(*) FROM events WHERE stream = $1;

-- name: log.any
-- Whether anything was ever written.
SELECT 1 FROM events LIMIT 1;

-- name: log.last
-- The end of a stream, read from the log itself.
SELECT seq, hash FROM events WHERE stream = $1 ORDER BY seq DESC LIMIT 1;
