-- name: exposition.runs
-- Runs by how they ended or stand, and what was counted in them.
SELECT team, agent, flow, status, sum(runs), sum(cost), sum(human), sum(tool_calls), sum(tool_failures), sum(denials),
    sum(asks), sum(looped), sum(handoffs)
FROM run_days WHERE source = '' GROUP BY team, agent, flow, status ORDER BY team, agent, flow, status;

-- name: exposition.failures
-- Failed runs by class.
SELECT team, agent, flow, failure, sum(runs) FROM run_days
WHERE source = '' AND failure <> '' GROUP BY team, agent, flow, failure ORDER BY team, agent, flow, failure;

-- name: exposition.usage
-- What was asked of models.
SELECT team, agent, model, provider, sum(calls), sum(failed), sum(retries), sum(cost), sum(input), sum(cached),
    sum(cache_written), sum(output), sum(reasoning)
FROM usage_days GROUP BY team, agent, model, provider ORDER BY team, agent, model, provider;

-- name: exposition.histograms
-- How times spread.
SELECT team, agent, metric, bucket, sum(n) FROM histograms
GROUP BY team, agent, metric, bucket ORDER BY team, agent, metric, bucket;

-- name: exposition.approvals
-- Questions that wait for a person.
SELECT team, grp, count(*), min(asked_at) FROM approvals
WHERE status = 'open' AND canary = 0 GROUP BY team, grp ORDER BY team, grp;

-- name: exposition.unknown
-- Writes of which nobody knows whether they took place.
SELECT team, count(*) FROM approvals WHERE status = 'open' AND kind = 'unknown' GROUP BY team ORDER BY team;

-- name: exposition.halts
-- What is halted.
SELECT team, scope, mode, count(*) FROM halts
WHERE lifted_at IS NULL AND (until IS NULL OR until > $1) GROUP BY team, scope, mode ORDER BY team, scope, mode;

-- name: exposition.quarantined
-- Tools that wait to be accepted.
SELECT team, count(*) FROM tool_digests WHERE pending <> '' GROUP BY team ORDER BY team;

-- name: exposition.workers
-- Workers whose lease stands.
SELECT count(*) FROM workers WHERE fenced_at IS NULL AND lease_until > $1;

-- name: exposition.log
-- Where the log ends, and up to where a signed checkpoint covers it.
SELECT (SELECT max(pos) FROM events), (SELECT pos FROM checkpointer);
