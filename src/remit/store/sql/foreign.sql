-- name: foreign.book
-- Whether these prices stand in the log already.
SELECT 1 FROM foreign_books WHERE team = $1 AND book = $2;

-- name: foreign.books
-- The prices of a team by their name.
SELECT prices FROM foreign_books WHERE team = $1 AND book = $2;

-- name: foreign.put_book
-- Keep prices that were noted.
INSERT INTO foreign_books (team, book, prices) VALUES ($1, $2, $3)
ON CONFLICT (team, book) DO UPDATE SET prices = excluded.prices;

-- name: foreign.put_batch
-- A request was taken.
INSERT INTO foreign_batches (stream, seq, pos, team, source, signal, key_id, blob, book, at, taken, rejected, lost,
    dropped, skewed, size)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (stream, seq) DO NOTHING;

-- name: foreign.put_part
-- A trace has a part in a request.
INSERT INTO foreign_parts (trace, stream, seq) VALUES ($1, $2, $3) ON CONFLICT (trace, stream, seq) DO NOTHING;

-- name: foreign.put_span
-- What a span says beside its row.
INSERT INTO foreign_spans (trace, id, parent, source, dialect, weight, calls, absent, skewed, dropped, session,
    workflow, purpose, environment, nth)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (trace, id) DO UPDATE SET parent = excluded.parent, source = excluded.source,
    dialect = excluded.dialect, weight = excluded.weight, calls = excluded.calls, absent = excluded.absent,
    skewed = excluded.skewed, dropped = excluded.dropped, session = excluded.session,
    workflow = excluded.workflow, purpose = excluded.purpose, environment = excluded.environment,
    nth = excluded.nth;

-- name: foreign.clear_trace
-- Remove a trace of which nothing is left.
DELETE FROM traces WHERE id = $1;

-- name: foreign.clear_spans
-- Remove what is said of one trace, which is told again.
DELETE FROM foreign_spans WHERE trace = $1;

-- name: foreign.clear_parts
-- The parts that one request has in traces.
DELETE FROM foreign_parts WHERE stream = $1 AND seq = $2;

-- name: foreign.clear_batches
-- Remove the requests that stood under a key.
DELETE FROM foreign_batches WHERE key_id = $1;

-- name: foreign.known (sqlite)
-- Those of some traces that there are.
SELECT id FROM traces WHERE id IN (SELECT value FROM json_each($1));

-- name: foreign.known (postgres)
-- Those of some traces that there are.
SELECT id FROM traces WHERE id IN (SELECT jsonb_array_elements_text($1::text::jsonb));

-- name: foreign.asides
-- What the spans of a trace say beside their rows.
SELECT id, parent, source, dialect, weight, calls, absent, skewed, dropped, session, workflow, purpose, environment, nth
FROM foreign_spans WHERE trace = $1;

-- name: foreign.under
-- The traces that have a part in a request under this key.
SELECT DISTINCT p.trace FROM foreign_batches b JOIN foreign_parts p ON p.stream = b.stream AND p.seq = b.seq
WHERE b.key_id = $1 ORDER BY p.trace;

-- name: foreign.batches_under
-- The requests under this key.
SELECT stream, seq FROM foreign_batches WHERE key_id = $1 ORDER BY pos;

-- name: foreign.batches_of
-- The requests in which a trace has a part, in the order of the log.
SELECT b.stream, b.seq, b.pos, b.team, b.source, b.signal, b.key_id, b.blob, b.book, b.at
FROM foreign_parts p JOIN foreign_batches b ON b.stream = p.stream AND b.seq = p.seq
WHERE p.trace = $1 ORDER BY b.pos;

-- name: foreign.batch
-- One request.
SELECT key_id, blob, signal, at FROM foreign_batches WHERE stream = $1 AND seq = $2;

-- name: foreign.span
-- Where a span stands: the request, and which entry of it.
SELECT s.stream, s.seq, f.nth, f.source, f.dialect FROM spans s
JOIN foreign_spans f ON f.trace = s.trace AND f.id = s.id WHERE s.trace = $1 AND s.id = $2 AND s.team = $3;

-- name: foreign.senders
-- Who has sent anything: from one name to the next, however much each sent.
WITH RECURSIVE names (source) AS (
    SELECT min(source) FROM foreign_batches WHERE team = $1
    UNION ALL
    SELECT (SELECT min(f.source) FROM foreign_batches AS f WHERE f.team = $1 AND f.source > names.source)
    FROM names WHERE names.source IS NOT NULL
)
SELECT source FROM names WHERE source IS NOT NULL ORDER BY source;

-- name: foreign.sources
-- What each source sent.
SELECT source, sum(CASE WHEN signal = 'traces' THEN taken ELSE 0 END),
    sum(CASE WHEN signal = 'logs' THEN taken ELSE 0 END), sum(CASE WHEN signal = 'metrics' THEN taken ELSE 0 END),
    sum(rejected), sum(lost), sum(dropped), sum(skewed), max(at), count(*)
FROM foreign_batches WHERE team = $1 GROUP BY source ORDER BY source;

-- name: foreign.complete
-- How many traces of each source lack the same facts.
SELECT source, missing, count(*) FROM traces WHERE team = $1 AND source <> '' GROUP BY source, missing
ORDER BY source, missing;

-- name: foreign.dialects
-- The dialects that each source speaks.
SELECT f.source, f.dialect, count(*) FROM foreign_spans f JOIN traces t ON t.id = f.trace
WHERE t.team = $1 GROUP BY f.source, f.dialect ORDER BY f.source, f.dialect;

-- name: insight.drop_foreign_batches
-- Forget everything derived; it is read from the log again.
DELETE FROM foreign_batches;

-- name: insight.drop_foreign_parts
-- Forget everything derived; it is read from the log again.
DELETE FROM foreign_parts;

-- name: insight.drop_foreign_spans
-- Forget everything derived; it is read from the log again.
DELETE FROM foreign_spans;

-- name: insight.drop_foreign_books
-- Forget everything derived; it is read from the log again.
DELETE FROM foreign_books;
