-- name: deprecations.served
-- As what the provider of a model named itself in the newest traces, where it was asked for by name.
SELECT DISTINCT s.served FROM (
    SELECT id FROM traces WHERE team = $1 AND started >= $2 ORDER BY started DESC, id DESC LIMIT 2000
) AS newest JOIN spans s ON s.trace = newest.id
WHERE s.kind = 'model' AND s.requested = $3 AND s.served <> '';

-- name: deprecations.users
-- Who called models whose names begin so since a day, and how often.
SELECT model, agent, flow, sum(calls) FROM usage_days
WHERE team = $1 AND day >= $2 AND model LIKE $3 GROUP BY model, agent, flow ORDER BY 4 DESC, model, agent, flow LIMIT 500;

-- name: deprecations.tried
-- Whether trials of an experiment called one model, and whether they called another.
SELECT s.requested, count(*) FROM trials t JOIN spans s ON s.trace = t.run
WHERE t.experiment = $1 AND s.kind = 'model' AND s.requested IN ($2, $3) GROUP BY s.requested;
