-- name: writes.open
-- Note a claimed write, only if no equal one is open or unknown in its run or in a run that it descends from (S11).
INSERT INTO open_writes (run, path, fingerprint)
SELECT $1::text, $2::text, $3::text
WHERE NOT EXISTS (
    SELECT 1 FROM open_writes o
    WHERE o.fingerprint = $3::text
      AND ((o.run = $1::text AND o.path <> $2::text) OR $1::text LIKE o.run || '.%'))
  AND NOT EXISTS (
    SELECT 1 FROM approvals a
    WHERE a.fingerprint = $3::text AND a.status = 'open' AND ($1::text = a.run OR $1::text LIKE a.run || '.%'))
ON CONFLICT (run, path) DO UPDATE SET fingerprint = excluded.fingerprint;

-- name: writes.close
-- A claimed write has its answer.
DELETE FROM open_writes WHERE run = $1 AND path = $2;
