-- name: runs.add
-- Create a run, owned at birth when a local worker takes it at once.
INSERT INTO runs (id, team, flow, status, due, priority, owner, epoch, pin, parent, key_id, session, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: runs.get
-- One run.
SELECT id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
       mail, paused, error, session, created_at, ended_at
FROM runs WHERE id = $1;

-- name: runs.like
-- Runs whose id starts or ends with what a person typed, a few at most.
SELECT id FROM runs WHERE id LIKE $1 ORDER BY id DESC LIMIT 6;

-- name: runs.list
-- A page of runs, newest first, optionally of one status and one flow; goes at scenarios and attacks only if their flow
-- is named: they are nobody's work.
SELECT id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
       mail, paused, error, session, created_at, ended_at
FROM runs
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR flow = $2) AND ($3::text IS NULL OR id < $3)
  AND ($2::text IS NOT NULL OR flow NOT LIKE 'remit.trial.%')
ORDER BY id DESC LIMIT $4;

-- name: runs.claim (sqlite)
-- Take due runs of known flows and of the release that the worker serves, the most urgent first; whoever serves what is
-- stable also takes those of no release.
UPDATE runs SET status = 'running', owner = $1, epoch = epoch + 1, due = NULL, reason = ''
WHERE id IN (
    SELECT id FROM runs
    WHERE due IS NOT NULL AND due <= $2 AND paused = 0 AND owner IS NULL
      AND flow IN (SELECT value FROM json_each($3)) AND ($5 IS NULL OR id = $5 OR id LIKE $5 || '.%')
      AND (release = coalesce((SELECT release FROM workers WHERE id = $1), '')
           OR release = '' AND EXISTS (SELECT 1 FROM workers w JOIN channels c ON c.release = w.release
                                       WHERE w.id = $1 AND c.team = runs.team AND c.channel = 'stable'))
    ORDER BY priority, due LIMIT $4)
RETURNING id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
          mail, paused, error, session, created_at, ended_at;

-- name: runs.claim (postgres)
-- Take due runs of known flows and of the release that the worker serves, the most urgent first; whoever serves what is
-- stable also takes those of no release. Rows that another worker is taking are passed over. Chosen
-- before anything is updated: a plan that chose anew for each row would take more than were asked for.
WITH taken AS MATERIALIZED (
    SELECT id FROM runs
    WHERE due IS NOT NULL AND due <= $2 AND paused = 0 AND owner IS NULL
      AND flow IN (SELECT json_array_elements_text($3::text::json))
      AND ($5::text IS NULL OR id = $5 OR id LIKE $5 || '.%')
      AND (release = coalesce((SELECT release FROM workers WHERE id = $1), '')
           OR release = '' AND EXISTS (SELECT 1 FROM workers w JOIN channels c ON c.release = w.release
                                       WHERE w.id = $1 AND c.team = runs.team AND c.channel = 'stable'))
    ORDER BY priority, due LIMIT $4
    FOR UPDATE SKIP LOCKED)
UPDATE runs SET status = 'running', owner = $1, epoch = epoch + 1, due = NULL, reason = ''
WHERE id IN (SELECT id FROM taken)
RETURNING id, team, flow, status, reason, due, priority, owner, epoch, pin, parent, key_id, base_seq, generation,
          mail, paused, error, session, created_at, ended_at;

-- name: runs.next_due
-- When the next run that a worker could take is due, and the next schedule: all that a look for work has to know.
SELECT (SELECT min(due) FROM runs WHERE due IS NOT NULL AND paused = 0),
       (SELECT min(next_at) FROM schedules WHERE next_at IS NOT NULL);

-- name: runs.park
-- Leave memory: due at its next timer, or now if mail came that its owner has not seen.
UPDATE runs SET status = 'parked', reason = $2, owner = NULL, due = CASE WHEN mail > $3 THEN $5::bigint ELSE $4::bigint END
WHERE id = $1;

-- name: runs.release
-- Hand an unfinished run back, for any worker to take at once.
UPDATE runs SET status = 'ready', owner = NULL, due = $2 WHERE id = $1;

-- name: runs.finish
-- End a run.
UPDATE runs SET status = $2, owner = NULL, due = NULL, reason = '', error = $3, ended_at = $4 WHERE id = $1;

-- name: runs.rebase
-- Start a new generation: recovery reads from this event on.
UPDATE runs SET base_seq = $2, generation = $3 WHERE id = $1;

-- name: runs.repin
-- Bind the run to other code.
UPDATE runs SET pin = $2 WHERE id = $1;

-- name: runs.pause
-- Mark a run so that nobody takes it.
UPDATE runs SET paused = $2 WHERE id = $1 AND ended_at IS NULL;

-- name: runs.mail
-- Note that a message waits in the inbox of a run that has not ended, and make it due if it is parked.
UPDATE runs SET mail = mail + 1, due = CASE WHEN status = 'parked' THEN $2 ELSE due END
WHERE id = $1 AND ended_at IS NULL;

-- name: runs.with_mail
-- How much mail the running runs of a worker have been sent.
SELECT id, mail FROM runs WHERE owner = $1;

-- name: runs.disown
-- Set free everything that a dead worker held.
UPDATE runs SET status = 'ready', owner = NULL, due = $2 WHERE owner = $1;

-- name: runs.count_owned
-- How many runs a worker holds.
SELECT count(*) FROM runs WHERE owner = $1;

-- name: runs.by_status
-- How many runs stand where.
SELECT status, count(*) FROM runs GROUP BY status;

-- name: runs.homeless
-- Flows that due runs need, with how many runs wait for each.
SELECT flow, count(*) FROM runs WHERE due IS NOT NULL AND due <= $1 GROUP BY flow;

-- name: runs.children
-- The children of a run that have not ended.
SELECT id FROM runs WHERE parent = $1 AND ended_at IS NULL;

-- name: runs.set_free
-- After a restore nobody owns anything: what was running is due at once.
UPDATE runs SET status = 'ready', owner = NULL, due = $1 WHERE owner IS NOT NULL;

-- name: runs.free_orphans
-- Set free every run that a worker declared dead still holds.
UPDATE runs SET status = 'ready', owner = NULL, due = $1
WHERE owner IN (SELECT id FROM workers WHERE fenced_at IS NOT NULL)
RETURNING id;

-- name: runs.step_counts
-- How many steps the newest runs have recorded, from the projection.
SELECT r.id, coalesce(f.steps, 0) FROM runs r LEFT JOIN run_facts f ON f.run = r.id ORDER BY r.id DESC LIMIT $1;

-- name: runs.hasten
-- Let a run that was to start later start now, to obey an order.
UPDATE runs SET due = $2 WHERE id = $1 AND status = 'ready' AND due > $2;
