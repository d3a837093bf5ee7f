-- name: meanings.next
-- Texts of a team that no model has looked at yet, from one on; that somebody came in at a front door says nothing.
SELECT d.n, d.run, d.seq, d.path, d.part, d.at, d.flow, d.agent, d.tool, d.model, d.error, d.key_id
FROM search_documents AS d LEFT JOIN search_meanings AS m ON m.n = d.n
WHERE d.team = $1 AND d.n > $2 AND m.n IS NULL AND NOT (d.flow = 'remit.exchange' AND d.part = 'input')
ORDER BY d.n LIMIT $3;

-- name: meanings.put (sqlite)
-- Keep what a model made of a text, if that is there still under the same key.
INSERT INTO search_meanings (n, model, key_id, vector)
SELECT $1, $2, $3, $4 WHERE EXISTS (SELECT 1 FROM search_documents WHERE n = $1 AND key_id = $3)
ON CONFLICT (n) DO UPDATE SET model = excluded.model, key_id = excluded.key_id, vector = excluded.vector;

-- name: meanings.put (postgres)
-- Keep what a model made of a text, if that is there still under the same key.
INSERT INTO search_meanings (n, model, key_id, vector)
SELECT $1::bigint, $2::text, $3::text, $4::bytea
WHERE EXISTS (SELECT 1 FROM search_documents WHERE n = $1::bigint AND key_id = $3::text)
ON CONFLICT (n) DO UPDATE SET model = excluded.model, key_id = excluded.key_id, vector = excluded.vector;

-- name: meanings.drop_others
-- What another model made is of no use any more: it speaks of other directions.
DELETE FROM search_meanings WHERE model <> $1;

-- name: meanings.drop_of_key
-- What stands under a destroyed key goes.
DELETE FROM search_meanings WHERE key_id = $1;

-- name: meanings.count_of_key
-- How many texts a key protects.
SELECT count(*) FROM search_meanings WHERE key_id = $1;

-- name: meanings.vectors
-- What a model made of texts, the newest first, from one on.
SELECT n, vector FROM search_meanings WHERE model = $1 AND n < $2 AND length(vector) > 0 ORDER BY n DESC LIMIT $3;

-- name: meanings.compared (sqlite)
-- What these texts are compared by, where the filters let them by.
SELECT d.n, m.vector, d.words FROM json_each($1) AS wanted JOIN search_documents AS d ON d.n = wanted.value
JOIN search_meanings AS m ON m.n = d.n
WHERE d.team = $2 AND d.at >= $3 AND d.at < $4
    AND (d.readers = '' OR replace(d.readers, $5, '') <> d.readers
        OR replace(d.readers, $6, '') <> d.readers)
    AND ($7 = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8
        AND ($9 = '' OR t.status = $9) AND ($10 = '' OR t.session = $10)
        AND ($11 = '' OR t.release = $11)
        AND ($12 = '' OR t.environment = $12) AND ($13 = '' OR t.purpose = $13)));

-- name: meanings.compared (postgres)
-- What these texts are compared by, where the filters let them by.
SELECT d.n, m.vector, d.words FROM jsonb_array_elements_text($1::text::jsonb) AS wanted
JOIN search_documents AS d ON d.n = wanted.value::bigint
JOIN search_meanings AS m ON m.n = d.n
WHERE d.team = $2::text AND d.at >= $3::bigint AND d.at < $4::bigint
    AND (d.readers = '' OR replace(d.readers, $5::text, '') <> d.readers
        OR replace(d.readers, $6::text, '') <> d.readers)
    AND ($7::bigint = 0 OR EXISTS (SELECT 1 FROM traces AS t WHERE t.id = d.run AND t.cost >= $8::bigint
        AND ($9::text = '' OR t.status = $9::text) AND ($10::text = '' OR t.session = $10::text)
        AND ($11::text = '' OR t.release = $11::text)
        AND ($12::text = '' OR t.environment = $12::text) AND ($13::text = '' OR t.purpose = $13::text)));
