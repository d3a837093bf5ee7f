-- name: names.flows
-- The flows of the latest runs.
SELECT DISTINCT flow FROM (SELECT flow FROM runs WHERE team = $1 ORDER BY id DESC LIMIT $2) AS latest;

-- name: names.asked
-- Where agents were asked lately; a place ends with the name of the agent.
SELECT DISTINCT path FROM (SELECT team, kind, path FROM events ORDER BY pos DESC LIMIT $2) AS latest
WHERE kind = 'agent.asked' AND team = $1;

-- name: names.pins
-- The code that the latest runs are bound to.
SELECT DISTINCT pin FROM (SELECT pin FROM runs WHERE team = $1 ORDER BY id DESC LIMIT $2) AS latest;

-- name: names.principals
-- Whoever may act here, with a key of any kind.
SELECT id FROM principals WHERE team = $1 UNION SELECT id FROM people WHERE team = $1;

-- name: names.teams
-- Teams that somebody belongs to, or that anything was written down for.
SELECT team FROM principals UNION SELECT team FROM people UNION SELECT team FROM runs UNION SELECT team FROM data_keys;
