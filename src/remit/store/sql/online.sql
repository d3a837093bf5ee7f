-- name: online.left
-- Tasks of ours that ended after a place and were not looked at, the oldest first.
SELECT t.id, t.agent, t.flow, t.ended FROM traces t JOIN runs r ON r.id = t.id
WHERE t.team = $1 AND t.sort = 'task' AND t.status IN ('succeeded', 'failed')
  AND t.ended >= $2 AND (t.ended > $2 OR t.id > $3)
  AND NOT EXISTS (SELECT 1 FROM online_scores s WHERE s.team = t.team AND s.run = t.id AND s.metric = '')
ORDER BY t.ended, t.id LIMIT $4;

-- name: online.look
-- A run was looked at, by whoever was first.
INSERT INTO online_scores (team, run, metric, value, judge, most, agent, flow, ended, at)
VALUES ($1, $2, '', NULL, '', 0, $3, $4, $5, $6) ON CONFLICT (team, run, metric) DO NOTHING;

-- name: online.score
-- What it was scored with; by a judge, what that may have cost.
INSERT INTO online_scores (team, run, metric, value, judge, most, agent, flow, ended, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (team, run, metric) DO NOTHING;

-- name: online.spent
-- What judges may have cost since a moment.
SELECT coalesce(sum(most), 0)::bigint FROM online_scores WHERE team = $1 AND at >= $2 AND most > 0;

-- name: online.figures
-- How runs that ended in a time were scored: how many, how many of them wholly, and the sum, by metric.
SELECT metric, max(judge), count(value), coalesce(sum(CASE WHEN value = 1000000 THEN 1 ELSE 0 END), 0)::bigint,
    coalesce(sum(CASE WHEN value = 0 THEN 1 ELSE 0 END), 0)::bigint, coalesce(sum(value), 0)::bigint, count(*)
FROM online_scores
WHERE team = $1 AND ended >= $2 AND ended < $3 AND metric <> 'golden'
  AND ($4::text IS NULL OR agent = $4) AND ($5::text IS NULL OR flow = $5)
GROUP BY metric ORDER BY metric;

-- name: online.objective
-- How many runs were scored in each stretch of time before now, and how many of these below what is asked for: as
-- `reporting.objective` counts tasks; $4 is the metric, $5 the least that it may be.
SELECT CASE WHEN ended >= $8 THEN 0 WHEN ended >= $9 THEN 1 WHEN ended >= $10 THEN 2 WHEN ended >= $11 THEN 3
        WHEN ended >= $12 THEN 4 ELSE 5 END AS stretch,
    count(*), sum(CASE WHEN value < $5 THEN 1 ELSE 0 END)::bigint
FROM online_scores
WHERE team = $1 AND ended >= $2 AND ended < $3 AND metric = $4 AND value IS NOT NULL
  AND ($6::text IS NULL OR agent = $6) AND ($7::text IS NULL OR flow = $7)
GROUP BY stretch ORDER BY stretch;
