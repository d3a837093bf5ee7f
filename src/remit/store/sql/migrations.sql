-- name: migrations.table (sqlite)
-- Whether this database has ever been migrated.
SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'migrations';

-- name: migrations.table (postgres)
-- Whether this database has ever been migrated.
SELECT 1 WHERE to_regclass('migrations') IS NOT NULL;

-- name: migrations.lock (postgres)
-- Let processes that start together migrate in turn; the number is one that nobody else is likely to lock.
SELECT pg_advisory_xact_lock(491259521396);

-- name: migrations.applied
-- What was applied, oldest first.
SELECT version, name, digest FROM migrations ORDER BY version;

-- name: migrations.columns (postgres)
-- The columns of a table with their types, in order.
SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
