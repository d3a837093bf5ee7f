-- name: keys.add
-- Store a wrapped data key; the first one under an id stays.
INSERT INTO data_keys (id, team, subject_tag, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING;

-- name: keys.inherit
-- A run is about whomever the run is about that it comes from.
UPDATE data_keys SET subject_tag = coalesce((SELECT o.subject_tag FROM data_keys o WHERE o.id = $2), '')
WHERE id = $1;

-- name: keys.get
-- One wrapped data key; nothing in it once it was shredded.
SELECT wrapped FROM data_keys WHERE id = $1;

-- name: keys.of_subject
-- The keys of everything about one subject. What has no tag is about nobody, and nobody's name finds it: the keys of
-- the teams and of most runs are such.
SELECT id FROM data_keys WHERE subject_tag = $1 AND subject_tag <> '' AND wrapped IS NOT NULL;

-- name: keys.living
-- Whether a key is there and was not destroyed.
SELECT 1 FROM data_keys WHERE id = $1 AND wrapped IS NOT NULL;

-- name: keys.all
-- Every key, for the key backup.
SELECT id, team, subject_tag, wrapped, created_at, shredded_at FROM data_keys ORDER BY id;

-- name: keys.shred
-- Destroy a key.
UPDATE data_keys SET wrapped = NULL, shredded_at = $2 WHERE id = $1 AND wrapped IS NOT NULL;

-- name: keys.restore
-- Bring back a key from a key backup, destroyed if the ledger says so; what is there already stays.
INSERT INTO data_keys (id, team, subject_tag, wrapped, created_at, shredded_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (id) DO NOTHING;

-- name: keys.note_shredded
-- Record that a key was destroyed, where the key itself was not restored.
INSERT INTO data_keys (id, team, subject_tag, wrapped, created_at, shredded_at) VALUES ($1, '', '', NULL, $2, $2)
ON CONFLICT (id) DO NOTHING;

-- name: keys.drop_blobs
-- Destroy the sealed blobs of a shredded key.
DELETE FROM blobs WHERE key_id = $1;

-- name: keys.shredded_since
-- Keys that were destroyed since a moment.
SELECT id FROM data_keys WHERE shredded_at >= $1;

-- name: keys.wrapped_after
-- A page of wrapped keys in the order of their ids.
SELECT id, wrapped FROM data_keys WHERE id > $1 AND wrapped IS NOT NULL ORDER BY id LIMIT $2;

-- name: keys.rewrap
-- The same key under another root key, unless somebody else was faster or destroyed it.
UPDATE data_keys SET wrapped = $3 WHERE id = $1 AND wrapped = $2;

-- name: keys.destroyed_of_subject
-- The keys of a subject that were destroyed since a moment.
SELECT id FROM data_keys WHERE subject_tag = $1 AND subject_tag <> '' AND shredded_at >= $2 ORDER BY id;

-- name: keys.count_blobs
-- How many blobs a key protects.
SELECT count(*) FROM blobs WHERE key_id = $1;

-- name: keys.count_reductions
-- How many reduced events a key protects.
SELECT count(*) FROM reductions WHERE key_id = $1;

-- name: keys.count_events
-- How many events of a run its key protects.
SELECT count(*) FROM events WHERE stream = $1 AND key_id = $2;

-- name: keys.count_memory
-- How many remembered items a key protects.
SELECT count(*) FROM memory WHERE key_id = $1;

-- name: keys.count_answers
-- How many kept answers are sealed with a key.
SELECT count(*) FROM answers WHERE key_id = $1;
