-- name: designing.times
-- How long the latest model calls and calls of tools took that went well and were real, newest first; models by agent.
SELECT kind, CASE WHEN kind = 'model' THEN agent ELSE name END, ended - started - human FROM spans
WHERE team = $1 AND kind IN ('model', 'tool') AND ended IS NOT NULL AND simulated = 0 AND error = ''
ORDER BY n DESC LIMIT $2;
