-- name: figures.add
-- More of what a model was used for in a day.
INSERT INTO model_figures (day, route, model, calls, prompt, cached, hits, avoided)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (day, route, model) DO UPDATE SET
    calls = model_figures.calls + excluded.calls, prompt = model_figures.prompt + excluded.prompt,
    cached = model_figures.cached + excluded.cached, hits = model_figures.hits + excluded.hits,
    avoided = model_figures.avoided + excluded.avoided;

-- name: figures.since
-- What models were used for from a day on.
SELECT route, model, CAST(sum(calls) AS BIGINT), CAST(sum(prompt) AS BIGINT), CAST(sum(cached) AS BIGINT),
       CAST(sum(hits) AS BIGINT), CAST(sum(avoided) AS BIGINT)
FROM model_figures WHERE day >= $1 GROUP BY route, model ORDER BY route, model;
