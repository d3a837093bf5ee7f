-- name: health.version (sqlite)
-- The version of SQLite that is linked in.
SELECT sqlite_version();

-- name: health.version (postgres)
-- The version of the server.
SELECT current_setting('server_version');

-- name: health.settings (sqlite)
-- What decides whether a commit survives a power cut.
SELECT 'journal_mode', journal_mode FROM pragma_journal_mode;

-- name: health.settings (postgres)
-- What decides whether a commit survives a power cut.
SELECT name, setting FROM pg_settings
WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'default_transaction_read_only');

-- name: health.newest
-- When the newest event was written, by the clock of whoever wrote it.
SELECT max(at) FROM (SELECT at FROM events ORDER BY pos DESC LIMIT 100) AS newest;

-- name: health.overdue
-- Due runs that nobody took, by flow, with the longest overdue of each.
SELECT flow, count(*), min(due) FROM runs
WHERE due IS NOT NULL AND due < $1 AND paused = 0 AND owner IS NULL GROUP BY flow ORDER BY min(due);

-- name: health.parked
-- Why runs are parked, with the oldest of each.
SELECT reason, count(*), min(id) FROM runs WHERE status = 'parked' GROUP BY reason ORDER BY reason;

-- name: health.owners
-- Who holds running runs.
SELECT owner, count(*) FROM runs WHERE owner IS NOT NULL GROUP BY owner;

-- name: health.oldest_question
-- The question that waits longest for a person.
SELECT id, run, grp, asked_at FROM approvals WHERE status = 'open' ORDER BY asked_at LIMIT 1;
