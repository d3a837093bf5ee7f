-- name: observing.list
-- Traces of a team that fit, found by one thing that they have in common, the newest first, from a place on;
-- so many are looked through.
-- each: team flow agent status session principal purpose release source failure error signature model prompt parent
SELECT id, source, team, session, flow, agent, principal, purpose, release, sort, parent, status, error, failure,
    signature, suspect, started, ended, human, spans, model_calls, tool_calls, tool_failures, retries, denials,
    asks, loops, handoffs, writes, undone, input, cached, cache_written, output, reasoning, cost, simulated,
    model, prompt, missing, score
FROM (
    SELECT * FROM traces WHERE team = $1 AND @each = $2 AND @each <> '' AND (started, id) < ($3, $4)
    ORDER BY started DESC, id DESC LIMIT $27
) AS looked
WHERE started >= $5 AND ($6 = '' OR flow = $6) AND ($7 = '' OR agent = $7) AND ($8 = '' OR status = $8)
    AND ($9 = '' OR session = $9)
    AND ($10 = '' OR principal = $10) AND ($11 = '' OR purpose = $11) AND ($12 = '' OR release = $12)
    AND ($13 = '' OR source = $13) AND ($14 = '' OR failure = $14) AND ($15 = '' OR error = $15)
    AND ($16 = '' OR signature = $16) AND ($17 = '' OR model = $17) AND ($18 = '' OR prompt = $18)
    AND ($19 = '' OR parent = $19) AND ($20 = '' OR sort = $20) AND cost >= $21
    AND coalesce(ended, started) - started >= $22 AND asks >= $23 AND loops >= $24 AND denials >= $25
ORDER BY started DESC, id DESC LIMIT $26;

-- name: observing.end
-- Where the last of those stands that were looked through.
-- each: team flow agent status session principal purpose release source failure error signature model prompt parent
SELECT started, id FROM traces
WHERE team = $1 AND @each = $2 AND @each <> '' AND (started, id) < ($3, $4)
ORDER BY started DESC, id DESC LIMIT 1 OFFSET $5;

-- name: observing.facets
-- How many of them, up to a limit, there are of each sort.
-- each: team flow agent status session principal purpose release source failure error signature model prompt parent
SELECT flow, agent, status, model, source, failure, count(*) FROM (
    SELECT flow, agent, status, model, source, failure FROM (
        SELECT * FROM traces WHERE team = $1 AND @each = $2 AND @each <> '' AND (started, id) < ($3, $4)
        ORDER BY started DESC, id DESC LIMIT $27
    ) AS looked
    WHERE started >= $5 AND ($6 = '' OR flow = $6) AND ($7 = '' OR agent = $7) AND ($8 = '' OR status = $8)
    AND ($9 = '' OR session = $9)
        AND ($10 = '' OR principal = $10) AND ($11 = '' OR purpose = $11) AND ($12 = '' OR release = $12)
        AND ($13 = '' OR source = $13) AND ($14 = '' OR failure = $14) AND ($15 = '' OR error = $15)
        AND ($16 = '' OR signature = $16) AND ($17 = '' OR model = $17) AND ($18 = '' OR prompt = $18)
        AND ($19 = '' OR parent = $19) AND ($20 = '' OR sort = $20) AND cost >= $21
        AND coalesce(ended, started) - started >= $22 AND asks >= $23 AND loops >= $24 AND denials >= $25
    ORDER BY started DESC, id DESC LIMIT $26
) AS found
GROUP BY flow, agent, status, model, source, failure;

-- name: observing.list_with
-- Traces of a team that fit, found by what few of them have, the newest first, from a place on;
-- so many are looked through.
-- each: asks loops denials
SELECT id, source, team, session, flow, agent, principal, purpose, release, sort, parent, status, error, failure,
    signature, suspect, started, ended, human, spans, model_calls, tool_calls, tool_failures, retries, denials,
    asks, loops, handoffs, writes, undone, input, cached, cache_written, output, reasoning, cost, simulated,
    model, prompt, missing, score
FROM (
    SELECT * FROM traces WHERE team = $1 AND @each > 0 AND $2 <> '' AND (started, id) < ($3, $4)
    ORDER BY started DESC, id DESC LIMIT $27
) AS looked
WHERE started >= $5 AND ($6 = '' OR flow = $6) AND ($7 = '' OR agent = $7) AND ($8 = '' OR status = $8)
    AND ($9 = '' OR session = $9)
    AND ($10 = '' OR principal = $10) AND ($11 = '' OR purpose = $11) AND ($12 = '' OR release = $12)
    AND ($13 = '' OR source = $13) AND ($14 = '' OR failure = $14) AND ($15 = '' OR error = $15)
    AND ($16 = '' OR signature = $16) AND ($17 = '' OR model = $17) AND ($18 = '' OR prompt = $18)
    AND ($19 = '' OR parent = $19) AND ($20 = '' OR sort = $20) AND cost >= $21
    AND coalesce(ended, started) - started >= $22 AND asks >= $23 AND loops >= $24 AND denials >= $25
ORDER BY started DESC, id DESC LIMIT $26;

-- name: observing.end_with
-- Where the last of those stands that were looked through.
-- each: asks loops denials
SELECT started, id FROM traces
WHERE team = $1 AND @each > 0 AND $2 <> '' AND (started, id) < ($3, $4)
ORDER BY started DESC, id DESC LIMIT 1 OFFSET $5;

-- name: observing.facets_with
-- How many of them, up to a limit, there are of each sort.
-- each: asks loops denials
SELECT flow, agent, status, model, source, failure, count(*) FROM (
    SELECT flow, agent, status, model, source, failure FROM (
        SELECT * FROM traces WHERE team = $1 AND @each > 0 AND $2 <> '' AND (started, id) < ($3, $4)
        ORDER BY started DESC, id DESC LIMIT $27
    ) AS looked
    WHERE started >= $5 AND ($6 = '' OR flow = $6) AND ($7 = '' OR agent = $7) AND ($8 = '' OR status = $8)
    AND ($9 = '' OR session = $9)
        AND ($10 = '' OR principal = $10) AND ($11 = '' OR purpose = $11) AND ($12 = '' OR release = $12)
        AND ($13 = '' OR source = $13) AND ($14 = '' OR failure = $14) AND ($15 = '' OR error = $15)
        AND ($16 = '' OR signature = $16) AND ($17 = '' OR model = $17) AND ($18 = '' OR prompt = $18)
        AND ($19 = '' OR parent = $19) AND ($20 = '' OR sort = $20) AND cost >= $21
        AND coalesce(ended, started) - started >= $22 AND asks >= $23 AND loops >= $24 AND denials >= $25
    ORDER BY started DESC, id DESC LIMIT $26
) AS found
GROUP BY flow, agent, status, model, source, failure;

-- name: observing.sent
-- The newest traces of a source, of so many that are looked through, as lines among runs.
SELECT id, flow, status, error, started, ended, model_calls + tool_calls, source FROM (
    SELECT * FROM traces WHERE team = $1 AND source = $2 AND source <> '' ORDER BY started DESC, id DESC LIMIT $6
) AS looked
WHERE ($3 = '' OR status = $3) AND ($4 = '' OR flow = $4) ORDER BY started DESC, id DESC LIMIT $5;

-- name: observing.trace
-- One trace.
SELECT id, source, team, session, flow, agent, principal, purpose, release, sort, parent, status, error, failure, signature,
    suspect, started, ended, human, spans, model_calls, tool_calls, tool_failures, retries, denials, asks, loops,
    handoffs, writes, undone, input, cached, cache_written, output, reasoning, cost, simulated, model, prompt, missing,
    score
FROM traces WHERE id = $1 AND team = $2;

-- name: observing.spans
-- What was done below one place of a trace, in order, from a place on, and whether there is more below each.
SELECT s.id, s.parent, s.kind, s.name, s.started, s.ended, s.status, s.error, s.agent, s.requested, s.served, s.provider,
    s.route, s.input, s.cached, s.cache_written, s.output, s.reasoning, s.cost, s.queued, s.first_token, s.human,
    s.prompt, s.retries, s.cache, s.decision, s.effect, s.simulated, s.score, coalesce(l.integrity, ''),
    coalesce(l.source, ''), s.detail, s.stream, s.seq, s.n,
    EXISTS (SELECT 1 FROM spans c WHERE c.trace = s.trace AND c.parent = s.id)
FROM spans s LEFT JOIN span_labels l ON l.trace = s.trace AND l.span = s.id
WHERE s.trace = $1 AND s.parent = $2 AND (s.started, s.n) > ($3, $4)
ORDER BY s.started, s.n LIMIT $5;

-- name: observing.span
-- One thing that was done.
SELECT s.id, s.parent, s.kind, s.name, s.started, s.ended, s.status, s.error, s.agent, s.requested, s.served, s.provider,
    s.route, s.input, s.cached, s.cache_written, s.output, s.reasoning, s.cost, s.queued, s.first_token, s.human,
    s.prompt, s.retries, s.cache, s.decision, s.effect, s.simulated, s.score, coalesce(l.integrity, ''),
    coalesce(l.source, ''), s.detail, s.stream, s.seq, s.n,
    EXISTS (SELECT 1 FROM spans c WHERE c.trace = s.trace AND c.parent = s.id)
FROM spans s LEFT JOIN span_labels l ON l.trace = s.trace AND l.span = s.id
WHERE s.trace = $1 AND s.id = $2;

-- name: observing.decisions
-- What was decided in a trace that is more than that a rule allowed it.
SELECT span, at, agent, subject, decision, rules, by FROM decisions WHERE trace = $1 ORDER BY seq LIMIT $2;

-- name: observing.undone
-- Which writes of a trace were taken back, and by which run.
SELECT undoes_span, trace FROM effects WHERE undoes = $1 AND undoes <> '' AND state = 'done' ORDER BY undoes_span;

-- name: observing.effects
-- What a trace wrote, and where each of it stands.
SELECT span, tool, effect, state FROM effects WHERE trace = $1 AND undoes = '' ORDER BY at, span;
