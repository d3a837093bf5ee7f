-- name: releases.add
-- A workspace is kept for good; what it holds stands in the event that was just written.
INSERT INTO releases (team, digest, name, policy, stream, seq, at, made_by)
SELECT $1, $2, $3, $4, stream, seq, $6, $7 FROM stream_heads WHERE stream = $5;

-- name: releases.list
-- Releases of a team, newest first.
SELECT digest, name, policy, stream, seq, at, made_by FROM releases WHERE team = $1 ORDER BY seq DESC LIMIT $2;

-- name: releases.like
-- Releases with this name, or whose digest begins so.
SELECT digest, name, policy, stream, seq, at, made_by FROM releases
WHERE team = $1 AND (name = $2 OR digest LIKE $3) ORDER BY name = $2 DESC, digest LIMIT 6;

-- name: releases.named
-- How many releases there are whose name begins so.
SELECT count(*) FROM releases WHERE team = $1 AND name LIKE $2;

-- name: releases.channels
-- Where the channels of a team lead.
SELECT channel, release, previous, percent, salt, since, set_by FROM channels WHERE team = $1;

-- name: releases.stable
-- The release that is stable.
SELECT release FROM channels WHERE team = $1 AND channel = 'stable';

-- name: releases.open_channel
-- A channel that led nowhere leads to a release.
INSERT INTO channels (team, channel, release, previous, percent, salt, since, set_by)
VALUES ($1, $2, $3, '', $4, $5, $6, $7);

-- name: releases.turn_channel
-- A channel leads to another release from now on, unless somebody was faster.
UPDATE channels SET release = $4, previous = $9, percent = $5, salt = $6, since = $7, set_by = $8
WHERE team = $1 AND channel = $2 AND release = $3;

-- name: releases.close_channel
-- A channel leads nowhere any more, unless somebody was faster.
DELETE FROM channels WHERE team = $1 AND channel = $2 AND release = $3;

-- name: releases.share
-- Another share of new runs goes by a channel.
UPDATE channels SET percent = $4 WHERE team = $1 AND channel = $2 AND release = $3;

-- name: releases.bind
-- In the commit that creates a run: this release executes it, and it came there by this channel.
UPDATE runs SET release = $2, channel = $3 WHERE id = $1;

-- name: releases.move
-- Another release has to execute a run that nobody holds; it looks at the run now.
UPDATE runs SET release = $2, due = $3 WHERE id = $1 AND status IN ('ready', 'parked');

-- name: releases.of_run
-- Which release executes a run, and by which channel it came there.
SELECT release, channel FROM runs WHERE id = $1;

-- name: releases.keep
-- A run follows this release from now on.
UPDATE runs SET release = $2 WHERE id = $1;

-- name: releases.return_unstarted
-- Runs that came to a release and never began go to another.
UPDATE runs SET release = $2, channel = '' WHERE release = $1 AND status = 'ready' AND epoch = 0;

-- name: releases.unserved
-- Whether any run has been due since before this time and belongs to a release that nobody serves.
SELECT id FROM runs
WHERE release <> '' AND ended_at IS NULL AND due IS NOT NULL AND due <= $1 AND paused = 0
  AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.release = runs.release AND w.fenced_at IS NULL)
LIMIT 1;

-- name: releases.live
-- Releases with runs that have to be executed now or soon, and with how many that are not over.
SELECT release, count(*), min(due), sum(CASE WHEN status = 'running' THEN 1 ELSE 0 END)::bigint FROM runs
WHERE release <> '' AND ended_at IS NULL GROUP BY release ORDER BY release;

-- name: releases.serve
-- A worker serves this release.
UPDATE workers SET release = $2 WHERE id = $1;

-- name: releases.served
-- The releases that workers serve.
SELECT DISTINCT release FROM workers WHERE fenced_at IS NULL AND release <> '';

-- name: releases.wake
-- A worker serves a release: runs that waited for one look again.
UPDATE runs SET due = $2 WHERE release = $1 AND status = 'parked' AND reason = 'needs_release' AND due IS NULL;

-- name: releases.abandoned (sqlite)
-- Take runs that have been due for a while and whose release nobody serves.
UPDATE runs SET status = 'running', owner = $1, epoch = epoch + 1, due = NULL, reason = ''
WHERE id IN (
    SELECT id FROM runs
    WHERE due IS NOT NULL AND due <= $2 AND paused = 0 AND owner IS NULL AND release NOT IN ('', $4)
      AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.release = runs.release AND w.fenced_at IS NULL)
    ORDER BY priority, due LIMIT $3)
RETURNING id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
          mail, paused, error, session, created_at, ended_at;

-- name: releases.abandoned (postgres)
-- Take runs that have been due for a while and whose release nobody serves.
WITH taken AS MATERIALIZED (
    SELECT id FROM runs
    WHERE due IS NOT NULL AND due <= $2 AND paused = 0 AND owner IS NULL AND release NOT IN ('', $4)
      AND NOT EXISTS (SELECT 1 FROM workers w WHERE w.release = runs.release AND w.fenced_at IS NULL)
    ORDER BY priority, due LIMIT $3
    FOR UPDATE SKIP LOCKED)
UPDATE runs SET status = 'running', owner = $1, epoch = epoch + 1, due = NULL, reason = ''
WHERE id IN (SELECT id FROM taken)
RETURNING id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
          mail, paused, error, session, created_at, ended_at;

-- name: releases.parked
-- Runs that are not over, wait for something and began elsewhere than in this release, oldest first.
SELECT id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
       mail, paused, error, session, created_at, ended_at
FROM runs WHERE team = $1 AND status = 'parked' AND release <> $2 AND id > $3 ORDER BY id LIMIT $4;

-- name: releases.canary
-- The canary that is under way.
SELECT id, release, against, status, stream, seq, started_at, decided_at, said_stream, said_seq
FROM canaries WHERE team = $1 AND status IN ('running', 'cleared', 'held');

-- name: releases.canaries
-- Canaries, newest first.
SELECT id, release, against, status, stream, seq, started_at, decided_at, said_stream, said_seq
FROM canaries WHERE team = $1 ORDER BY seq DESC LIMIT $2;

-- name: releases.canary_begins
-- A canary begins; its terms stand in the event that was just written.
INSERT INTO canaries (id, team, release, against, status, stream, seq, started_at)
SELECT $1, $2, $3, $4, 'running', stream, seq, $6 FROM stream_heads WHERE stream = $5;

-- name: releases.canary_turns
-- It came to something, unless somebody was faster; on what evidence stands in the event that was just written.
UPDATE canaries SET status = $3, decided_at = $4,
    said_stream = $5, said_seq = (SELECT seq FROM stream_heads WHERE stream = $5)
WHERE id = $1 AND status = $2;

-- name: releases.outcomes
-- Runs that came by a channel since a canary began and are over, in the order in which they began: as far as told.
SELECT r.id, r.release, t.status, t.cost, t.ended - t.started - t.human, t.undone, t.ended FROM runs r
JOIN traces t ON t.id = r.id
WHERE r.release = $1 AND r.channel <> '' AND r.created_at >= $2 AND t.ended IS NOT NULL
ORDER BY r.created_at, r.id LIMIT $3;

-- name: releases.before
-- The latest runs of a release that are over, newest first: as far as told.
SELECT r.id, r.release, t.status, t.cost, t.ended - t.started - t.human, t.undone, t.ended FROM runs r
JOIN traces t ON t.id = r.id
WHERE r.release = $1 AND r.channel <> '' AND t.ended IS NOT NULL ORDER BY r.created_at DESC, r.id LIMIT $2;

-- name: releases.over
-- Runs of the workspace's own flows that somebody asked for and that ended since a time, newest first; no copies.
SELECT id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
       mail, paused, error, session, created_at, ended_at
FROM runs
WHERE team = $1 AND ended_at >= $2 AND parent IS NULL AND channel <> 'shadow' AND status <> 'cancelled'
  AND flow NOT LIKE 'remit.%'
ORDER BY created_at DESC, id LIMIT $3;

-- name: releases.waiting
-- How many runs came to a release by a channel and have been due since before this time.
SELECT count(*) FROM runs WHERE release = $1 AND channel <> '' AND due IS NOT NULL AND due < $2;
