-- name: reporting.usage
-- What models were used for on each day, by one of the ways in which it can be told apart.
SELECT day,
    CASE $4::text WHEN 'team' THEN team WHEN 'agent' THEN agent WHEN 'flow' THEN flow WHEN 'purpose' THEN purpose
        WHEN 'model' THEN model WHEN 'prompt' THEN prompt WHEN 'release' THEN release ELSE day END AS part,
    sum(calls)::bigint, sum(failed)::bigint, sum(input)::bigint, sum(cached)::bigint, sum(cache_written)::bigint,
    sum(output)::bigint, sum(reasoning)::bigint, sum(cost)::bigint,
    sum(CASE WHEN simulated = 1 THEN cost ELSE 0 END)::bigint
FROM usage_days
WHERE team = $1 AND day >= $2 AND day < $3
  AND ($5::text IS NULL OR agent = $5) AND ($6::text IS NULL OR flow = $6)
GROUP BY day, part ORDER BY day, part;

-- name: reporting.runs
-- What came of the runs that began in these days, by one of the ways in which they can be told apart.
SELECT CASE $4::text WHEN 'team' THEN team WHEN 'agent' THEN agent WHEN 'flow' THEN flow WHEN 'purpose' THEN purpose
        WHEN 'release' THEN release WHEN 'day' THEN day ELSE '' END AS part,
    sort, status, failure, source, sum(runs)::bigint, sum(human)::bigint, sum(cost)::bigint, sum(model_calls)::bigint,
    sum(tool_calls)::bigint, sum(tool_failures)::bigint, sum(retries)::bigint, sum(denials)::bigint,
    sum(handoffs)::bigint, sum(writes)::bigint, sum(undone)::bigint, sum(looped)::bigint, sum(complete)::bigint
FROM run_days
WHERE team = $1 AND day >= $2 AND day < $3
  AND ($5::text IS NULL OR agent = $5) AND ($6::text IS NULL OR flow = $6)
GROUP BY part, sort, status, failure, source ORDER BY part, sort, status, failure, source;

-- name: reporting.histograms
-- How often a measure of tasks fell into each bucket.
SELECT metric, bucket, sum(n)::bigint FROM histograms
WHERE team = $1 AND day >= $2 AND day < $3 AND sort = 'task'
  AND ($4::text IS NULL OR agent = $4) AND ($5::text IS NULL OR flow = $5)
GROUP BY metric, bucket ORDER BY metric, bucket;

-- name: reporting.tools
-- How often each agent called each tool, and how often that failed.
SELECT tool, agent, sum(calls)::bigint, sum(failed)::bigint FROM tool_days
WHERE team = $1 AND day >= $2 AND day < $3
  AND ($4::text IS NULL OR agent = $4) AND ($5::text IS NULL OR flow = $5)
GROUP BY tool, agent ORDER BY tool, agent;

-- name: reporting.questions (sqlite)
-- What was asked of people by tasks and exchanges that began in a time, and by children: how many of each kind and outcome.
SELECT a.kind, a.name = $6, a.grp = 'outbox', a.status, a.edited, t.sort, count(*)
FROM approvals a JOIN traces t ON t.id = substr(a.run, 1, instr(a.run || '.', '.') - 1)
WHERE a.team = $1 AND a.asked_at >= $2 AND a.canary = 0
  AND t.team = $1 AND t.started >= $2 AND t.started < $3 AND t.sort IN ('task', 'exchange')
  AND ($4 IS NULL OR t.agent = $4) AND ($5 IS NULL OR t.flow = $5)
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;

-- name: reporting.questions (postgres)
-- What was asked of people by tasks and exchanges that began in a time, and by children: how many of each kind and outcome.
SELECT a.kind, (a.name = $6)::int, (a.grp = 'outbox')::int, a.status, a.edited, t.sort, count(*)
FROM approvals a JOIN traces t ON t.id = split_part(a.run, '.', 1)
WHERE a.team = $1 AND a.asked_at >= $2 AND a.canary = 0
  AND t.team = $1 AND t.started >= $2 AND t.started < $3 AND t.sort IN ('task', 'exchange')
  AND ($4::text IS NULL OR t.agent = $4) AND ($5::text IS NULL OR t.flow = $5)
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6;

-- name: reporting.asked (sqlite)
-- How many of these tasks asked anybody anything, and how many handed their matter to a person, by how they ended.
SELECT t.status, count(DISTINCT t.id), count(DISTINCT CASE WHEN a.kind = 'human' AND a.name <> $6 THEN t.id END)
FROM approvals a JOIN traces t ON t.id = substr(a.run, 1, instr(a.run || '.', '.') - 1)
WHERE a.team = $1 AND a.asked_at >= $2 AND a.canary = 0 AND a.grp <> 'outbox'
  AND t.team = $1 AND t.started >= $2 AND t.started < $3 AND t.sort = 'task'
  AND ($4 IS NULL OR t.agent = $4) AND ($5 IS NULL OR t.flow = $5)
GROUP BY t.status ORDER BY t.status;

-- name: reporting.asked (postgres)
-- How many of these tasks asked anybody anything, and how many handed their matter to a person, by how they ended.
SELECT t.status, count(DISTINCT t.id), count(DISTINCT CASE WHEN a.kind = 'human' AND a.name <> $6 THEN t.id END)
FROM approvals a JOIN traces t ON t.id = split_part(a.run, '.', 1)
WHERE a.team = $1 AND a.asked_at >= $2 AND a.canary = 0 AND a.grp <> 'outbox'
  AND t.team = $1 AND t.started >= $2 AND t.started < $3 AND t.sort = 'task'
  AND ($4::text IS NULL OR t.agent = $4) AND ($5::text IS NULL OR t.flow = $5)
GROUP BY t.status ORDER BY t.status;

-- name: reporting.recalled
-- How many writes of runs that began in a time were taken back because what they come from was found bad.
SELECT count(*) FROM traces t JOIN effects e ON e.trace = t.id JOIN traces o ON o.id = e.undoes
WHERE t.team = $1 AND t.flow = 'remit.recall' AND t.started >= $2 AND e.undoes <> '' AND e.state = 'done'
  AND o.team = $1 AND o.started >= $2 AND o.started < $3 AND o.sort IN ('task', 'child', 'exchange')
  AND ($4::text IS NULL OR o.agent = $4) AND ($5::text IS NULL OR o.flow = $5);

-- name: reporting.founded
-- When the log began.
SELECT at FROM events WHERE stream = 'workspace' AND seq = 1;

-- name: reporting.first
-- When the first task in which an agent acted succeeded.
SELECT ended FROM traces
WHERE team = $1 AND status = 'succeeded' AND sort = 'task' AND source = '' AND agent <> ''
ORDER BY started, id LIMIT 1;

-- name: reporting.findings
-- What waits for somebody who answers for safety: changed tools that nobody has accepted, agents that a breaker has
-- stopped, canaries of a time that somebody agreed to, and attacks of the last report of the red team that reached a harm
-- which nobody has accepted.
SELECT (SELECT count(*) FROM tool_digests WHERE team = $1 AND pending <> ''),
    (SELECT count(*) FROM halts WHERE team = $1 AND lifted_at IS NULL AND made_by LIKE 'breaker:%'
       AND (until IS NULL OR until > $3)),
    (SELECT count(*) FROM approvals WHERE team = $1 AND canary = 1 AND status = 'approved' AND asked_at >= $2
       AND asked_at < $3),
    COALESCE((SELECT reached FROM attack_reports WHERE team = $1 AND whole = 1 ORDER BY at DESC, id DESC LIMIT 1), 0);

-- name: reporting.objective
-- How many tasks ended in each stretch of time before now, and how many of these missed an objective. $4 is what is
-- looked at, $5 its limit; $8 to $12 are where the stretches begin, the latest first.
SELECT CASE WHEN ended >= $8 THEN 0 WHEN ended >= $9 THEN 1 WHEN ended >= $10 THEN 2 WHEN ended >= $11 THEN 3
        WHEN ended >= $12 THEN 4 ELSE 5 END AS stretch,
    count(*),
    sum(CASE $4::text WHEN 'success' THEN CASE WHEN status = 'failed' THEN 1 ELSE 0 END
        WHEN 'latency' THEN CASE WHEN ended - started - human > $5 THEN 1 ELSE 0 END
        WHEN 'latency_with_people' THEN CASE WHEN ended - started > $5 THEN 1 ELSE 0 END
        WHEN 'cost' THEN CASE WHEN cost > $5 THEN 1 ELSE 0 END
        ELSE CASE WHEN denials > 0 THEN 1 ELSE 0 END END)::bigint
FROM traces
WHERE team = $1 AND ended >= $2 AND ended < $3 AND sort = 'task' AND status IN ('succeeded', 'failed')
  AND ($6::text IS NULL OR agent = $6) AND ($7::text IS NULL OR flow = $7)
GROUP BY stretch ORDER BY stretch;
