-- name: keys.add
-- Store a wrapped data key; the first one under an id stays.
INSERT INTO data_keys (id, team, subject_tag, wrapped, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (id) DO NOTHING;

-- name: keys.get
-- One wrapped data key; nothing in it once it was shredded.
SELECT wrapped FROM data_keys WHERE id = $1;

-- name: keys.of_subject
-- The keys of everything about one subject.
SELECT id FROM data_keys WHERE subject_tag = $1 AND wrapped IS NOT NULL;

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
