-- name: protection.root_key
-- The sealed root key that counts.
SELECT turn, sealed FROM root_keys ORDER BY turn DESC LIMIT 1;

-- name: protection.add_root_key
-- Keep a sealed root key; the first one of a turn stays.
INSERT INTO root_keys (id, sealed, turn, at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING;

-- name: protection.drop_root_keys
-- Forget the sealed root keys before a turn.
DELETE FROM root_keys WHERE turn < $1;

-- name: protection.restore_root_key
-- Bring a sealed root key back from a key backup; what is there already stays.
INSERT INTO root_keys (id, sealed, turn, at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING;

-- name: protection.alone
-- Holds and deletions take turns: whoever comes second waits here, and then sees what the first one did.
UPDATE workspace SET value = value WHERE name = 'root_key';

-- name: protection.place_hold
-- Nothing about this subject may be destroyed; not placed where a hold or a deletion is open, nor under a dead key.
INSERT INTO holds (id, team, subject_tag, key_id, words, placed_by, placed_at)
SELECT $1::text, $2::text, $3::text, $4::text, $5::bytea, $6::text, $7::bigint
WHERE EXISTS (SELECT 1 FROM data_keys WHERE id = $4 AND wrapped IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM holds WHERE subject_tag = $3 AND released_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM deletions WHERE subject_tag = $3 AND done_at IS NULL);

-- name: protection.release_hold
-- The hold is over.
UPDATE holds SET released_by = $2, released_at = $3 WHERE id = $1 AND released_at IS NULL;

-- name: protection.hold_of
-- The open hold of a subject.
SELECT id, key_id, words, placed_by, placed_at FROM holds WHERE subject_tag = $1 AND released_at IS NULL;

-- name: protection.holds
-- Every open hold of a team, oldest first.
SELECT id, subject_tag, key_id, words, placed_by, placed_at
FROM holds WHERE team = $1 AND released_at IS NULL ORDER BY placed_at, id;

-- name: protection.begin_deletion
-- A subject is about to be destroyed; not begun where a hold is open.
INSERT INTO deletions (id, team, subject_tag, started_by, started_at)
SELECT $1::text, $2::text, $3::text, $4::text, $5::bigint
WHERE NOT EXISTS (SELECT 1 FROM holds WHERE subject_tag = $3 AND released_at IS NULL)
  AND NOT EXISTS (SELECT 1 FROM deletions WHERE subject_tag = $3 AND done_at IS NULL);

-- name: protection.open_deletion
-- The deletion of a subject that was begun and not finished.
SELECT id, started_by, started_at FROM deletions WHERE subject_tag = $1 AND done_at IS NULL;

-- name: protection.open_deletions
-- Every deletion that was begun and not finished.
SELECT id, team, subject_tag, started_by, started_at FROM deletions WHERE done_at IS NULL ORDER BY started_at;

-- name: protection.finish_deletion
-- The last file is clean, and the receipt is signed.
UPDATE deletions SET done_at = $2, receipt = $3 WHERE id = $1 AND done_at IS NULL;

-- name: protection.deletion
-- The receipt of one deletion.
SELECT id, receipt FROM deletions WHERE team = $1 AND id = $2;

-- name: protection.deletions
-- The deletions of a team, newest first.
SELECT id, subject_tag, started_by, started_at, done_at, receipt
FROM deletions WHERE team = $1 ORDER BY started_at DESC, id LIMIT $2;

-- name: protection.add_export
-- A file outside of the database holds keys or content.
INSERT INTO exports (id, team, kind, path, host, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: protection.exports
-- The files that may still be there.
SELECT id, team, kind, path, host, made_by, made_at FROM exports WHERE gone_at IS NULL ORDER BY made_at, id;

-- name: protection.export_gone
-- The file is not there any more.
UPDATE exports SET gone_at = $2 WHERE id = $1 AND gone_at IS NULL;

-- name: protection.mark
-- A run holds data of this class.
INSERT INTO run_classes (run, data_class) VALUES ($1, $2) ON CONFLICT (run, data_class) DO NOTHING;

-- name: protection.inherit
-- A run holds the classes of data of the run that it comes from.
INSERT INTO run_classes (run, data_class)
SELECT $1, c.data_class FROM run_classes c WHERE c.run = $2 AND c.data_class <> ''
ON CONFLICT (run, data_class) DO NOTHING;

-- name: protection.classes
-- The classes of data that a run holds.
SELECT data_class, settled_at FROM run_classes WHERE run = $1 ORDER BY data_class;

-- name: protection.unsettled
-- Runs that have ended, hold data of some class, and await its rule.
SELECT DISTINCT c.run FROM run_classes c JOIN runs r ON r.id = c.run
WHERE c.settled_at IS NULL AND r.ended_at IS NOT NULL AND c.run > $1 ORDER BY c.run LIMIT $2;

-- name: protection.unmarked
-- Runs that have ended and of which nobody has said whether they hold classed data.
SELECT r.id FROM runs r
WHERE r.ended_at IS NOT NULL AND r.parent IS NULL AND r.id > $1
  AND NOT EXISTS (SELECT 1 FROM run_classes c WHERE c.run = r.id)
ORDER BY r.id LIMIT $2;

-- name: protection.tree
-- A run and everything that descends from it.
SELECT r.id, r.team, r.flow, r.key_id, r.ended_at, k.subject_tag, k.wrapped IS NOT NULL
FROM runs r JOIN data_keys k ON k.id = r.key_id
WHERE r.id = $1 OR r.id LIKE $1 || '.%' ORDER BY r.id;

-- name: protection.undoable
-- Whether something that a run did could still be taken back.
SELECT 1 FROM receipts WHERE (run = $1 OR run LIKE $1 || '.%') AND undone_at IS NULL LIMIT 1;

-- name: protection.settled
-- A run was looked at, and holds nothing that a rule speaks of.
INSERT INTO run_classes (run, data_class, settled_at) VALUES ($1, '', $2) ON CONFLICT (run, data_class) DO NOTHING;

-- name: protection.settle_classes
-- The rules of a run's classes were applied.
UPDATE run_classes SET settled_at = $2 WHERE run = $1 AND settled_at IS NULL;

-- name: protection.expired
-- Runs of a team that ended before a moment, and what is left of whose content can still be read.
SELECT r.id, k.id, k.subject_tag FROM runs r JOIN data_keys k ON k.id = r.key_id OR k.id = 'c-' || r.id
WHERE r.team = $1 AND r.ended_at IS NOT NULL AND r.ended_at <= $2 AND k.wrapped IS NOT NULL AND r.id > $3
  AND ($4::text = '' OR EXISTS (SELECT 1 FROM run_classes c WHERE c.run = r.id AND c.data_class = $4))
ORDER BY r.id LIMIT $5;

-- name: protection.reduce
-- What is left of an event.
INSERT INTO reductions (stream, seq, key_id, body) VALUES ($1, $2, $3, $4) ON CONFLICT (stream, seq) DO NOTHING;

-- name: protection.reduced
-- What is left of the events of a stream.
SELECT seq, key_id, body FROM reductions WHERE stream = $1 AND seq >= $2 ORDER BY seq LIMIT $3;

-- name: protection.reseal_blob
-- A blob as a rule left it, under the key of what is left.
UPDATE blobs SET key_id = $2, body = $3 WHERE id = $1;

-- name: protection.blobs_of
-- The blobs of one key.
SELECT id, key_id, body FROM blobs WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3;

-- name: protection.drop_reductions
-- Destroy what was left under a key.
DELETE FROM reductions WHERE key_id = $1;

-- name: protection.live_workers_since
-- Workers that live and began before a moment.
SELECT id FROM workers WHERE fenced_at IS NULL AND started_at < $1 AND lease_until > $2;

-- name: protection.note
-- Record or replace a fact about the protection of this workspace.
INSERT INTO workspace (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: protection.unheld
-- Touches the workspace only if nobody holds this subject; it waits for a hold that is being placed.
UPDATE workspace SET value = value
WHERE name = 'root_key' AND NOT EXISTS (SELECT 1 FROM holds WHERE subject_tag = $1 AND released_at IS NULL);
