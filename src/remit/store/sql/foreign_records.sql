-- name: records.put
-- A request holds so many log records of a trace.
INSERT INTO foreign_records (team, trace, pos, records, source, key_id, blob) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (team, trace, pos) DO NOTHING;

-- name: records.drop_of_key
-- What stood under a destroyed key is told no more.
DELETE FROM foreign_records WHERE key_id = $1;

-- name: records.of
-- The requests that hold log records of a trace, in the order of the log, from a place on.
SELECT pos, source, key_id, blob FROM foreign_records WHERE team = $1 AND trace = $2 AND pos >= $3
ORDER BY pos LIMIT $4;

-- name: insight.drop_foreign_records
-- Forget everything derived; it is read from the log again.
DELETE FROM foreign_records;
