-- name: trials.add
-- A go at a scenario was begun, by this run; what is made again takes its place.
INSERT INTO trials (tag, team, run, experiment, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tag) DO UPDATE SET run = excluded.run, experiment = excluded.experiment, at = excluded.at;

-- name: trials.known
-- The run that made this very go, if it has ended.
SELECT t.run FROM trials t JOIN runs r ON r.id = t.run WHERE t.tag = $1 AND t.team = $2 AND r.ended_at IS NOT NULL;

-- name: trials.experiments
-- Experiments of a team, the newest first, optionally of one suite.
SELECT e.id, e.suite, e.version, e.arm, e.against, e.gate, e.by, e.at, r.status FROM experiments e
JOIN runs r ON r.id = e.id
WHERE e.team = $1 AND ($2 = '' OR e.suite = $2) ORDER BY e.at DESC, e.id DESC LIMIT $3;

-- name: trials.experiment
-- One experiment, or those that its id may be the beginning or the end of.
SELECT e.id, e.suite, e.version, e.arm, e.against, e.gate, e.by, e.at, r.status FROM experiments e
JOIN runs r ON r.id = e.id WHERE e.team = $1 AND e.id LIKE $2 ORDER BY e.id LIMIT 5;

-- name: trials.begin
-- An experiment is made.
INSERT INTO experiments (id, team, suite, version, arm, against, gate, by, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: trials.variants
-- How many other arms were held against the same one, by the same suite, since a time.
SELECT count(DISTINCT e.arm) FROM experiments e
WHERE e.team = $1 AND e.version = $2 AND e.against = $3 AND e.arm <> $4 AND e.at >= $5;

-- name: trials.waive
-- A person answers for a verdict that says nothing; what was said last counts.
INSERT INTO waivers (team, version, arm, against, experiment, by, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (team, version, arm, against) DO UPDATE
SET experiment = excluded.experiment, by = excluded.by, at = excluded.at;

-- name: trials.waiver
-- Who answers for it.
SELECT experiment, by, at FROM waivers WHERE team = $1 AND version = $2 AND arm = $3 AND against = $4;

-- name: trials.left
-- Goes of an experiment that have not ended.
SELECT id, flow FROM runs WHERE id LIKE $1 || '.%' AND ended_at IS NULL;
