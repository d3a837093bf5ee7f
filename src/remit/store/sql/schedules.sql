-- name: schedules.put
-- Set a schedule; its input stands in the event at (stream, seq).
INSERT INTO schedules (id, team, flow, cron, tz, stream, seq, next_at, active)
SELECT $1, $2, $3, $4, $5, stream, seq, $7, $8 FROM stream_heads WHERE stream = $6
ON CONFLICT (id) DO UPDATE SET cron = excluded.cron, tz = excluded.tz, stream = excluded.stream,
    seq = excluded.seq, next_at = excluded.next_at, active = excluded.active;

-- name: schedules.due
-- Schedules whose time has come.
SELECT id, team, flow, cron, tz, stream, seq, next_at FROM schedules
WHERE next_at IS NOT NULL AND next_at <= $1 ORDER BY next_at LIMIT 100;

-- name: schedules.advance
-- Move to the next time, if nobody else has.
UPDATE schedules SET next_at = $3 WHERE id = $1 AND next_at = $2;

-- name: schedules.all
-- Every schedule.
SELECT id, team, flow, cron, tz, stream, seq, next_at, active FROM schedules ORDER BY id;
