-- name: workers.add
-- A worker starts.
INSERT INTO workers (id, epoch, host, pid, lease_until, started_at) VALUES ($1, 1, $2, $3, $4, $5);

-- name: workers.renew
-- Extend a lease that has not been taken away.
UPDATE workers SET lease_until = $3 WHERE id = $1 AND epoch = $2 AND fenced_at IS NULL;

-- name: workers.live
-- Workers that nobody has declared dead.
SELECT id, epoch, host, pid, lease_until, started_at FROM workers WHERE fenced_at IS NULL;

-- name: workers.fence
-- Declare a worker dead; its later batches are refused.
UPDATE workers SET epoch = epoch + 1, fenced_at = $3 WHERE id = $1 AND epoch = $2 AND fenced_at IS NULL;

-- name: workers.forget
-- Drop rows of workers that ended long ago and own nothing.
DELETE FROM workers WHERE fenced_at < $1 AND NOT EXISTS (SELECT 1 FROM runs WHERE owner = workers.id);

-- name: workers.server_clock (postgres)
-- The clock that leases are measured on in a fleet.
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;

-- name: workers.orphans
-- Whether any run is held by a worker that was declared dead.
SELECT r.id FROM runs r JOIN workers w ON w.id = r.owner WHERE w.fenced_at IS NOT NULL LIMIT 1;

-- name: workers.alive
-- Touches the worker's row only if nobody has declared it dead.
UPDATE workers SET epoch = epoch WHERE id = $1 AND epoch = $2 AND fenced_at IS NULL;
