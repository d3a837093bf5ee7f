-- name: search.add
-- Keep what stands for one text; the words as they are looked up.
INSERT INTO search_documents (
    n, run, seq, path, part, at, team, flow, agent, tool, model, error, readers, key_id, words, vector
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (n) DO NOTHING;

-- name: search.drop_of_key
-- What stands for texts of a destroyed key goes, and with it every place where it is looked up.
DELETE FROM search_documents WHERE key_id = $1;

-- name: search.count_of_key
-- How many texts a key protects.
SELECT count(*) FROM search_documents WHERE key_id = $1;

-- name: search.drop_of_run
-- What stands for the texts of one run goes: it is about to be told anew.
DELETE FROM search_documents WHERE run = $1;

-- name: search.run
-- What is known of a run by its latest text: its flow, and who may read what it has come to.
SELECT flow, readers FROM search_documents WHERE run = $1 ORDER BY n DESC LIMIT 1;

-- name: search.count_word (sqlite)
-- How many texts hold a word; beyond some it does not matter how many.
SELECT coalesce((SELECT min(doc, $2) FROM search_words WHERE term = $1), 0);

-- name: search.count_word (postgres)
-- How many texts hold a word; beyond some it does not matter how many.
SELECT count(*) FROM (
    SELECT 1 FROM search_documents WHERE string_to_array(words, ' ') @> ARRAY[$1::text] LIMIT $2
) AS few;

-- name: search.count_all
-- How many texts there are: those in blocks by the size of these, and those that came after.
SELECT (SELECT coalesce(sum(length(names)), 0) / 8 FROM search_blocks)
    + (SELECT count(*) FROM search_documents WHERE n > (SELECT coalesce(max(last), 0) FROM search_blocks));

-- name: search.holding_all (sqlite)
-- Of the newest so many texts that hold all of these words
-- those that the filters let by, the best first:
-- BM25, in which a word counts once.
SELECT d.n FROM (SELECT n, fit FROM (
    SELECT rowid AS n, rank AS fit FROM search_text
    WHERE search_text MATCH $1 || ' ' || $17
    ORDER BY rowid DESC LIMIT $14
) AS newest ORDER BY fit, n DESC LIMIT $18) AS found JOIN search_documents AS d ON d.n = found.n
WHERE $16 <> '' AND d.team = $2 AND d.at >= $3 AND d.at < $4
    AND (d.readers = '' OR replace(d.readers, $5, '') <> d.readers
        OR replace(d.readers, $6, '') <> d.readers)
    AND ($7 = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8
        AND ($9 = '' OR t.status = $9) AND ($10 = '' OR t.session = $10)
        AND ($11 = '' OR t.release = $11)
        AND ($12 = '' OR t.environment = $12) AND ($13 = '' OR t.purpose = $13)))
ORDER BY found.fit, d.n DESC LIMIT $15;

-- name: search.holding_all (postgres)
-- Of the newest so many texts that hold all of these words
-- those that the filters let by, the best first:
-- BM25, in which a word counts once.
SELECT d.n FROM (
    SELECT * FROM search_documents
    WHERE string_to_array(words, ' ') @> string_to_array($1::text, ' ')
        AND string_to_array(words, ' ') @> string_to_array($17::text, ' ')
    ORDER BY n DESC LIMIT $14
) AS d
WHERE d.team = $2::text AND d.at >= $3::bigint AND d.at < $4::bigint
    AND (d.readers = '' OR replace(d.readers, $5::text, '') <> d.readers
        OR replace(d.readers, $6::text, '') <> d.readers)
    AND ($7::bigint = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8::bigint
        AND ($9::text = '' OR t.status = $9::text) AND ($10::text = '' OR t.session = $10::text)
        AND ($11::text = '' OR t.release = $11::text)
        AND ($12::text = '' OR t.environment = $12::text) AND ($13::text = '' OR t.purpose = $13::text)))
ORDER BY (
    SELECT sum(w.value::float8) FROM jsonb_each_text($16::text::jsonb) AS w
    WHERE string_to_array(d.words, ' ') @> ARRAY[w.key]
) / (1.3 + 0.015 * cardinality(string_to_array(d.words, ' '))) DESC, d.n DESC LIMIT least($15::bigint, $18::bigint);

-- name: search.holding_any (sqlite)
-- Of the newest so many texts that hold any of these words, and come from where is asked for,
-- those that the filters let by, the best first:
-- BM25, in which a word counts once.
SELECT d.n FROM (SELECT n, fit FROM (
    SELECT rowid AS n, rank AS fit FROM search_text
    WHERE search_text MATCH '(' || replace($1, ' ', ' OR ') || ')'
        || CASE $17 WHEN '' THEN '' ELSE ' AND ' || replace($17, ' ', ' AND ') END
    ORDER BY rowid DESC LIMIT $14
) AS newest ORDER BY fit, n DESC LIMIT $18) AS found JOIN search_documents AS d ON d.n = found.n
WHERE $16 <> '' AND d.team = $2 AND d.at >= $3 AND d.at < $4
    AND (d.readers = '' OR replace(d.readers, $5, '') <> d.readers
        OR replace(d.readers, $6, '') <> d.readers)
    AND ($7 = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8
        AND ($9 = '' OR t.status = $9) AND ($10 = '' OR t.session = $10)
        AND ($11 = '' OR t.release = $11)
        AND ($12 = '' OR t.environment = $12) AND ($13 = '' OR t.purpose = $13)))
ORDER BY found.fit, d.n DESC LIMIT $15;

-- name: search.holding_any (postgres)
-- Of the newest so many texts that hold any of these words, and come from where is asked for,
-- those that the filters let by, the best first:
-- BM25, in which a word counts once.
SELECT d.n FROM (
    SELECT * FROM search_documents
    WHERE string_to_array(words, ' ') && string_to_array($1::text, ' ')
        AND string_to_array(words, ' ') @> string_to_array($17::text, ' ')
    ORDER BY n DESC LIMIT $14
) AS d
WHERE d.team = $2::text AND d.at >= $3::bigint AND d.at < $4::bigint
    AND (d.readers = '' OR replace(d.readers, $5::text, '') <> d.readers
        OR replace(d.readers, $6::text, '') <> d.readers)
    AND ($7::bigint = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8::bigint
        AND ($9::text = '' OR t.status = $9::text) AND ($10::text = '' OR t.session = $10::text)
        AND ($11::text = '' OR t.release = $11::text)
        AND ($12::text = '' OR t.environment = $12::text) AND ($13::text = '' OR t.purpose = $13::text)))
ORDER BY (
    SELECT sum(w.value::float8) FROM jsonb_each_text($16::text::jsonb) AS w
    WHERE string_to_array(d.words, ' ') @> ARRAY[w.key]
) / (1.3 + 0.015 * cardinality(string_to_array(d.words, ' '))) DESC, d.n DESC LIMIT least($15::bigint, $18::bigint);

-- name: search.vectors_holding (sqlite)
-- The vectors of the newest so many texts that hold all of these words, where the filters let them by.
SELECT d.n, d.vector FROM (
    SELECT rowid AS n FROM search_text WHERE search_text MATCH $1 ORDER BY rowid DESC LIMIT $14
) AS found JOIN search_documents AS d ON d.n = found.n
WHERE length(d.vector) > 0 AND d.team = $2 AND d.at >= $3 AND d.at < $4
    AND (d.readers = '' OR replace(d.readers, $5, '') <> d.readers
        OR replace(d.readers, $6, '') <> d.readers)
    AND ($7 = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8
        AND ($9 = '' OR t.status = $9) AND ($10 = '' OR t.session = $10)
        AND ($11 = '' OR t.release = $11)
        AND ($12 = '' OR t.environment = $12) AND ($13 = '' OR t.purpose = $13)));

-- name: search.vectors_holding (postgres)
-- The vectors of the newest so many texts that hold all of these words, where the filters let them by.
SELECT d.n, d.vector FROM (
    SELECT * FROM search_documents WHERE string_to_array(words, ' ') @> string_to_array($1, ' ')
    ORDER BY n DESC LIMIT $14
) AS d
WHERE length(d.vector) > 0 AND d.team = $2::text AND d.at >= $3::bigint AND d.at < $4::bigint
    AND (d.readers = '' OR replace(d.readers, $5::text, '') <> d.readers
        OR replace(d.readers, $6::text, '') <> d.readers)
    AND ($7::bigint = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8::bigint
        AND ($9::text = '' OR t.status = $9::text) AND ($10::text = '' OR t.session = $10::text)
        AND ($11::text = '' OR t.release = $11::text)
        AND ($12::text = '' OR t.environment = $12::text) AND ($13::text = '' OR t.purpose = $13::text)));

-- name: search.compared (sqlite)
-- What these texts are compared by, where the filters let them by.
SELECT d.n, d.vector, d.words FROM json_each($1) AS wanted JOIN search_documents AS d ON d.n = wanted.value
WHERE d.team = $2 AND d.at >= $3 AND d.at < $4
    AND (d.readers = '' OR replace(d.readers, $5, '') <> d.readers
        OR replace(d.readers, $6, '') <> d.readers)
    AND ($7 = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8
        AND ($9 = '' OR t.status = $9) AND ($10 = '' OR t.session = $10)
        AND ($11 = '' OR t.release = $11)
        AND ($12 = '' OR t.environment = $12) AND ($13 = '' OR t.purpose = $13)));

-- name: search.compared (postgres)
-- What these texts are compared by, where the filters let them by.
SELECT d.n, d.vector, d.words FROM jsonb_array_elements_text($1::text::jsonb) AS wanted
JOIN search_documents AS d ON d.n = wanted.value::bigint
WHERE d.team = $2::text AND d.at >= $3::bigint AND d.at < $4::bigint
    AND (d.readers = '' OR replace(d.readers, $5::text, '') <> d.readers
        OR replace(d.readers, $6::text, '') <> d.readers)
    AND ($7::bigint = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8::bigint
        AND ($9::text = '' OR t.status = $9::text) AND ($10::text = '' OR t.session = $10::text)
        AND ($11::text = '' OR t.release = $11::text)
        AND ($12::text = '' OR t.environment = $12::text) AND ($13::text = '' OR t.purpose = $13::text)));

-- name: search.vectors_between
-- The vectors between two texts, page by page.
SELECT n, vector FROM search_documents WHERE n > $1 AND n < $2 AND length(vector) > 0 ORDER BY n LIMIT $3;

-- name: search.documents (sqlite)
-- What is known of these texts beside what they say.
SELECT d.n, d.run, d.seq, d.path, d.part, d.at, d.flow, d.agent, d.tool, d.model, d.error
FROM json_each($1) AS wanted JOIN search_documents AS d ON d.n = wanted.value;

-- name: search.documents (postgres)
-- What is known of these texts beside what they say.
SELECT d.n, d.run, d.seq, d.path, d.part, d.at, d.flow, d.agent, d.tool, d.model, d.error
FROM jsonb_array_elements_text($1::text::jsonb) AS wanted JOIN search_documents AS d ON d.n = wanted.value::bigint;

-- name: search.edges
-- Where the blocks of vectors begin and end.
SELECT first, last FROM search_blocks ORDER BY first;

-- name: search.blocks
-- Blocks of vectors, page by page.
SELECT first, names, bits FROM search_blocks WHERE first > $1 ORDER BY first LIMIT $2;

-- name: search.add_block
-- Keep a block of vectors, unless another process has.
INSERT INTO search_blocks (first, last, names, bits) VALUES ($1, $2, $3, $4) ON CONFLICT (first) DO NOTHING;

-- name: insight.drop_search_documents
-- Forget every text; they are told from the log again.
DELETE FROM search_documents;

-- name: insight.drop_search_blocks
-- Forget the blocks of vectors; they are made of the texts again.
DELETE FROM search_blocks;

-- name: search.drop_blocks_over
-- Blocks go in whose midst texts come that they do not know.
DELETE FROM search_blocks WHERE first <= $2 AND last >= $1;

-- name: search.failures
-- Failures by their signature: how many began since then and how many in the time before, and the last of them.
SELECT signature, sum(CASE WHEN started >= $3 THEN 1 ELSE 0 END), sum(CASE WHEN started < $3 THEN 1 ELSE 0 END),
    max(started)
FROM traces
WHERE team = $1 AND signature <> '' AND started >= $2 AND ($4 = '' OR flow = $4)
GROUP BY signature
HAVING max(started) >= $3;

-- name: search.first_failure
-- When a failure was first seen.
SELECT min(started) FROM traces WHERE team = $1 AND signature = $2;

-- name: search.failed_runs
-- The latest runs with a failure, and what is suspected in each.
SELECT id, suspect, agent, release, prompt FROM traces
WHERE team = $1 AND signature = $2 AND started >= $3 ORDER BY started DESC, id DESC LIMIT $4;

-- name: search.spans
-- What was done in a trace, in order, as far as it is looked through for a reason.
SELECT id, parent, kind, name, started, ended, status, error, agent, cost
FROM spans WHERE trace = $1 ORDER BY started, n LIMIT $2;

-- name: search.trace
-- How a trace stands.
SELECT flow, status, error, started, ended FROM traces WHERE id = $1 AND team = $2 AND source <> '';
