-- name: labels.open_queue
-- A queue of things to be labelled.
INSERT INTO label_queues (team, name, choices, scale, labellers, readers, made_at, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (team, name) DO NOTHING;

-- name: labels.queues
-- The queues of a team.
SELECT name, choices, scale, labellers, readers, made_at, made_by FROM label_queues WHERE team = $1 ORDER BY name;

-- name: labels.counts
-- How many things of each queue stand how.
SELECT queue, status, count(*) FROM label_items WHERE team = $1 GROUP BY queue, status ORDER BY queue, status;

-- name: labels.add
-- Something to be labelled; what it is stands in the event that was just written.
INSERT INTO label_items (id, team, queue, run, source, status, label, settled_by, stream, seq, at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, stream, seq, $10 FROM stream_heads WHERE stream = $9
ON CONFLICT (team, queue, source) DO NOTHING;

-- name: labels.sources
-- What is in a queue already.
SELECT source FROM label_items WHERE team = $1 AND queue = $2;

-- name: labels.item
-- One thing, by its id or by how that begins.
SELECT id, queue, run, source, status, label, settled_by, stream, seq, at FROM label_items
WHERE team = $1 AND id LIKE $2 ORDER BY id LIMIT 5;

-- name: labels.next
-- What somebody has not labelled yet, that with the fewest labels first.
SELECT i.id, i.queue, i.run, i.source, i.status, i.label, i.settled_by, i.stream, i.seq, i.at FROM label_items i
WHERE i.team = $1 AND i.queue = $2 AND i.status = 'open'
  AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.item = i.id AND l.person = $3)
ORDER BY (SELECT count(*) FROM labels l WHERE l.item = i.id) DESC, i.at, i.id LIMIT $4;

-- name: labels.of_queue
-- The things of a queue of one standing.
SELECT id, queue, run, source, status, label, settled_by, stream, seq, at FROM label_items
WHERE team = $1 AND queue = $2 AND status = $3 ORDER BY at, id;

-- name: labels.give
-- What somebody says of a thing, while it is open; what they say last counts.
INSERT INTO labels (item, person, label, at)
SELECT id, $2, $3, $4 FROM label_items WHERE id = $1 AND status = 'open'
ON CONFLICT (item, person) DO UPDATE SET label = excluded.label, at = excluded.at;

-- name: labels.close
-- Enough have said what it is: it is settled if they say the same, and disputed if not.
UPDATE label_items SET
    status = CASE WHEN (SELECT count(DISTINCT l.label) FROM labels l WHERE l.item = $1) = 1 THEN 'settled' ELSE 'disputed' END,
    label = CASE WHEN (SELECT count(DISTINCT l.label) FROM labels l WHERE l.item = $1) = 1
        THEN (SELECT min(l.label) FROM labels l WHERE l.item = $1) ELSE '' END
WHERE id = $1 AND status = 'open' AND (SELECT count(*) FROM labels l WHERE l.item = $1)
    >= (SELECT q.labellers FROM label_queues q WHERE q.team = label_items.team AND q.name = label_items.queue);

-- name: labels.settle
-- Somebody else decides what those differ about who labelled it.
UPDATE label_items SET status = 'settled', label = $2, settled_by = $3 WHERE id = $1 AND status = 'disputed';

-- name: labels.said
-- Everything that was said of the things of a queue.
SELECT l.item, l.person, l.label FROM labels l JOIN label_items i ON i.id = l.item
WHERE i.team = $1 AND i.queue = $2 ORDER BY l.item, l.person;

-- name: labels.said_of
-- Everything that was said of one thing.
SELECT person, label FROM labels WHERE item = $1 ORDER BY person;

-- name: labels.freeze
-- A set of labels under its number; what is in it stands in the event that was just written.
INSERT INTO label_sets (team, name, version, digest, queue, items, status, readers, stream, seq, made_at, made_by)
SELECT $1, $2, $3, $4, $5, $6, 'waiting', $7, stream, seq, $9, $10 FROM stream_heads WHERE stream = $8;

-- name: labels.sets
-- The sets of a team, the newest version of each first.
SELECT name, version, digest, queue, items, status, readers, stream, seq, made_at, made_by, reviewed_at, reviewed_by
FROM label_sets WHERE team = $1 ORDER BY name, version DESC;

-- name: labels.review
-- Somebody looked through a set.
UPDATE label_sets SET status = $4, reviewed_at = $5, reviewed_by = $6
WHERE team = $1 AND name = $2 AND version = $3 AND status = 'waiting';

-- name: labels.subject
-- What stands for the subject of a run; nothing where it is about nobody.
SELECT k.subject_tag FROM runs r JOIN data_keys k ON k.id = r.key_id WHERE r.id = $1;

-- name: labels.candidates
-- Tasks that ended in a time, the newest first; flagged ones failed, were refused something, went in circles or were rated badly.
SELECT t.id, t.status, t.denials, t.loops FROM traces t
WHERE t.team = $1 AND t.sort = 'task' AND t.ended >= $2 AND ($3 = '' OR t.flow = $3) AND ($4 = '' OR t.agent = $4)
  AND ($5 = 0 OR t.status <> 'succeeded' OR t.denials > 0 OR t.loops > 0)
ORDER BY t.ended DESC LIMIT $6;
