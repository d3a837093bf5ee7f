-- name: insight.read (sqlite)
-- What happened since a position, sealed, in commit order; with one writer, positions are in that order (S4).
SELECT 0, pos, stream, seq, team, at, kind, path, body, key_id
FROM events WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT $3;

-- name: insight.read (postgres)
-- What happened since a position, sealed, by transaction, below the oldest one still open (S4).
SELECT tx::text::bigint, pos, stream, seq, team, at, kind, path, body, key_id FROM events
WHERE (tx, pos) > ($1::bigint::text::xid8, $2) AND tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY tx, pos LIMIT $3;

-- name: insight.read_stream (sqlite)
-- One stream from one of its events on, as far as the whole log was read, sealed, one page.
SELECT 0, pos, stream, seq, team, at, kind, path, body, key_id
FROM events WHERE stream = $1 AND seq >= $2 AND $3 >= 0 AND pos <= $4 ORDER BY seq LIMIT $5;

-- name: insight.read_stream (postgres)
-- One stream from one of its events on, as far as the whole log was read, sealed, one page.
SELECT tx::text::bigint, pos, stream, seq, team, at, kind, path, body, key_id
FROM events WHERE stream = $1 AND seq >= $2 AND (tx, pos) <= ($3::bigint::text::xid8, $4) ORDER BY seq LIMIT $5;

-- name: insight.keys (sqlite)
-- Those of some keys that there still are.
SELECT id, wrapped FROM data_keys WHERE wrapped IS NOT NULL AND id IN (SELECT value FROM json_each($1));

-- name: insight.keys (postgres)
-- Those of some keys that there still are.
SELECT id, wrapped FROM data_keys
WHERE wrapped IS NOT NULL AND id IN (SELECT jsonb_array_elements_text($1::text::jsonb));

-- name: insight.blobs (sqlite)
-- Bodies that are kept apart, by names in hexadecimal.
SELECT id, key_id, body FROM blobs WHERE id IN (SELECT unhex(value) FROM json_each($1));

-- name: insight.blobs (postgres)
-- Bodies that are kept apart, by names in hexadecimal.
SELECT id, key_id, body FROM blobs WHERE id IN (SELECT decode(jsonb_array_elements_text($1::text::jsonb), 'hex'));

-- name: insight.lag (sqlite)
-- How many events came since a position, and when the first of them did; it counts no further than to 100,000.
SELECT count(*), min(at) FROM (SELECT at FROM events WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT 100000);

-- name: insight.lag (postgres)
-- How many events came since a position, and when the first of them did; it counts no further than to 100,000.
SELECT count(*), min(at) FROM (
    SELECT at FROM events WHERE (tx, pos) > ($1::bigint::text::xid8, $2) ORDER BY tx, pos LIMIT 100000) AS behind;

-- name: insight.pace (sqlite)
-- How far the log goes, and when the first event after a position happened.
SELECT (SELECT max(pos) FROM events), (SELECT at FROM events WHERE pos > $2 AND $1 >= 0 ORDER BY pos LIMIT 1);

-- name: insight.pace (postgres)
-- How far the log goes, and when the first event after a position happened.
SELECT (SELECT pos FROM events ORDER BY tx DESC, pos DESC LIMIT 1),
    (SELECT at FROM events WHERE (tx, pos) > ($1::bigint::text::xid8, $2) ORDER BY tx, pos LIMIT 1);

-- name: insight.outline
-- What stands of a run outside of the log, without content.
SELECT flow, session, pin, parent, status, error FROM runs WHERE id = $1;

-- name: insight.traces_under
-- The traces of which a part stands under a key.
SELECT trace FROM trace_keys WHERE key_id = $1 ORDER BY trace;

-- name: insight.trace
-- The row of one trace.
SELECT id, source, team, session, flow, agent, principal, purpose, release, environment, sort, parent, key_id,
    status, error, failure, signature, suspect, started, ended, human, spans, model_calls, tool_calls,
    tool_failures, retries, denials, asks, loops, handoffs, writes, undone, input, cached, cache_written,
    output, reasoning, cost, simulated, prompt, model, missing, score
FROM traces WHERE id = $1;

-- name: insight.spans
-- The rows of all spans of one trace.
SELECT n, trace, id, parent, kind, name, started, ended, status, error, team, agent, requested, served,
    provider, route, input, cached, cache_written, output, reasoning, cost, queued, first_token, human,
    prompt, release, retries, cache, decision, effect, simulated, score, detail, stream, seq, key_id
FROM spans WHERE trace = $1 ORDER BY n;

-- name: insight.effects
-- What a trace wrote, and what became of it.
SELECT trace, span, at, team, agent, tool, effect, state, undoes, undoes_span
FROM effects WHERE trace = $1 ORDER BY span;

-- name: insight.put_traces
-- Write the row of a trace as it is now.
INSERT INTO traces (id, source, team, session, flow, agent, principal, purpose, release, environment, sort,
    parent, key_id, status, error, failure, signature, suspect, started, ended, human, spans, model_calls,
    tool_calls, tool_failures, retries, denials, asks, loops, handoffs, writes, undone, input, cached,
    cache_written, output, reasoning, cost, simulated, prompt, model, missing, score)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43)
ON CONFLICT (id) DO UPDATE SET source = excluded.source, team = excluded.team, session = excluded.session,
    flow = excluded.flow, agent = excluded.agent, principal = excluded.principal, purpose = excluded.purpose,
    release = excluded.release, environment = excluded.environment, sort = excluded.sort,
    parent = excluded.parent, key_id = excluded.key_id, status = excluded.status, error = excluded.error,
    failure = excluded.failure, signature = excluded.signature, suspect = excluded.suspect,
    started = excluded.started, ended = excluded.ended, human = excluded.human, spans = excluded.spans,
    model_calls = excluded.model_calls, tool_calls = excluded.tool_calls,
    tool_failures = excluded.tool_failures, retries = excluded.retries, denials = excluded.denials,
    asks = excluded.asks, loops = excluded.loops, handoffs = excluded.handoffs, writes = excluded.writes,
    undone = excluded.undone, input = excluded.input, cached = excluded.cached,
    cache_written = excluded.cache_written, output = excluded.output, reasoning = excluded.reasoning,
    cost = excluded.cost, simulated = excluded.simulated, prompt = excluded.prompt, model = excluded.model,
    missing = excluded.missing, score = excluded.score;

-- name: insight.put_spans
-- Write the row of a span as it is now.
INSERT INTO spans (n, trace, id, parent, kind, name, started, ended, status, error, team, agent, requested,
    served, provider, route, input, cached, cache_written, output, reasoning, cost, queued, first_token,
    human, prompt, release, retries, cache, decision, effect, simulated, score, detail, stream, seq, key_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37)
ON CONFLICT (trace, id) DO UPDATE SET n = excluded.n, parent = excluded.parent, kind = excluded.kind,
    name = excluded.name, started = excluded.started, ended = excluded.ended, status = excluded.status,
    error = excluded.error, team = excluded.team, agent = excluded.agent, requested = excluded.requested,
    served = excluded.served, provider = excluded.provider, route = excluded.route, input = excluded.input,
    cached = excluded.cached, cache_written = excluded.cache_written, output = excluded.output,
    reasoning = excluded.reasoning, cost = excluded.cost, queued = excluded.queued,
    first_token = excluded.first_token, human = excluded.human, prompt = excluded.prompt,
    release = excluded.release, retries = excluded.retries, cache = excluded.cache,
    decision = excluded.decision, effect = excluded.effect, simulated = excluded.simulated,
    score = excluded.score, detail = excluded.detail, stream = excluded.stream, seq = excluded.seq,
    key_id = excluded.key_id;

-- name: insight.put_trace_keys
-- Note that a part of a trace stands under another key.
INSERT INTO trace_keys (key_id, trace)
VALUES ($1, $2)
ON CONFLICT (key_id, trace) DO NOTHING;

-- name: insight.put_decisions
-- Write down a decision.
INSERT INTO decisions (trace, seq, span, at, team, agent, subject, decision, rules, by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (trace, seq) DO UPDATE SET span = excluded.span, at = excluded.at, team = excluded.team,
    agent = excluded.agent, subject = excluded.subject, decision = excluded.decision, rules = excluded.rules,
    by = excluded.by;

-- name: insight.put_effects
-- Where a write stands now.
INSERT INTO effects (trace, span, at, team, agent, tool, effect, state, undoes, undoes_span)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (trace, span) DO UPDATE SET at = excluded.at, team = excluded.team, agent = excluded.agent,
    tool = excluded.tool, effect = excluded.effect, state = excluded.state, undoes = excluded.undoes,
    undoes_span = excluded.undoes_span;

-- name: insight.put_span_labels
-- Where a result comes from.
INSERT INTO span_labels (trace, span, integrity, source)
VALUES ($1, $2, $3, $4)
ON CONFLICT (trace, span) DO UPDATE SET integrity = excluded.integrity, source = excluded.source;

-- name: insight.add_usage_days
-- Add to the sums of a day; less than nothing takes away.
INSERT INTO usage_days (day, team, agent, flow, purpose, model, provider, prompt, release, simulated, calls,
    failed, retries, input, cached, cache_written, output, reasoning, cost)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (day, team, agent, flow, purpose, model, provider, prompt, release, simulated)
DO UPDATE SET calls = usage_days.calls + excluded.calls, failed = usage_days.failed + excluded.failed,
    retries = usage_days.retries + excluded.retries, input = usage_days.input + excluded.input,
    cached = usage_days.cached + excluded.cached,
    cache_written = usage_days.cache_written + excluded.cache_written,
    output = usage_days.output + excluded.output, reasoning = usage_days.reasoning + excluded.reasoning,
    cost = usage_days.cost + excluded.cost;

-- name: insight.clear_usage_days
-- Remove the sums of a day that have come to nothing.
DELETE FROM usage_days WHERE day = $1 AND team = $2 AND agent = $3 AND flow = $4 AND purpose = $5 AND
    model = $6 AND provider = $7 AND prompt = $8 AND release = $9 AND simulated = $10 AND calls = 0;

-- name: insight.add_run_days
-- Add to the sums of a day; less than nothing takes away.
INSERT INTO run_days (day, team, agent, flow, purpose, release, source, sort, status, failure, runs, human,
    cost, model_calls, tool_calls, tool_failures, retries, denials, asks, loops, handoffs, writes, undone,
    asked, looped, complete)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23, $24, $25, $26)
ON CONFLICT (day, team, agent, flow, purpose, release, source, sort, status, failure)
DO UPDATE SET runs = run_days.runs + excluded.runs, human = run_days.human + excluded.human,
    cost = run_days.cost + excluded.cost, model_calls = run_days.model_calls + excluded.model_calls,
    tool_calls = run_days.tool_calls + excluded.tool_calls,
    tool_failures = run_days.tool_failures + excluded.tool_failures,
    retries = run_days.retries + excluded.retries, denials = run_days.denials + excluded.denials,
    asks = run_days.asks + excluded.asks, loops = run_days.loops + excluded.loops,
    handoffs = run_days.handoffs + excluded.handoffs, writes = run_days.writes + excluded.writes,
    undone = run_days.undone + excluded.undone, asked = run_days.asked + excluded.asked,
    looped = run_days.looped + excluded.looped, complete = run_days.complete + excluded.complete;

-- name: insight.clear_run_days
-- Remove the sums of a day that have come to nothing.
DELETE FROM run_days WHERE day = $1 AND team = $2 AND agent = $3 AND flow = $4 AND purpose = $5 AND
    release = $6 AND source = $7 AND sort = $8 AND status = $9 AND failure = $10 AND runs = 0;

-- name: insight.add_tool_days
-- Add to the sums of a day; less than nothing takes away.
INSERT INTO tool_days (day, team, agent, flow, tool, calls, failed, denied)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (day, team, agent, flow, tool)
DO UPDATE SET calls = tool_days.calls + excluded.calls, failed = tool_days.failed + excluded.failed,
    denied = tool_days.denied + excluded.denied;

-- name: insight.clear_tool_days
-- Remove the sums of a day that have come to nothing.
DELETE FROM tool_days WHERE day = $1 AND team = $2 AND agent = $3 AND flow = $4 AND tool = $5 AND calls = 0;

-- name: insight.add_histograms
-- Add to the sums of a day; less than nothing takes away.
INSERT INTO histograms (day, team, agent, flow, sort, metric, bucket, n, total)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (day, team, agent, flow, sort, metric, bucket)
DO UPDATE SET n = histograms.n + excluded.n, total = histograms.total + excluded.total;

-- name: insight.clear_histograms
-- Remove the sums of a day that have come to nothing.
DELETE FROM histograms WHERE day = $1 AND team = $2 AND agent = $3 AND flow = $4 AND sort = $5 AND
    metric = $6 AND bucket = $7 AND n = 0;

-- name: insight.clear_spans
-- Remove what is said of one trace, which is told again.
DELETE FROM spans WHERE trace = $1;

-- name: insight.clear_trace_keys
-- Remove what is said of one trace, which is told again.
DELETE FROM trace_keys WHERE trace = $1;

-- name: insight.clear_decisions
-- Remove what is said of one trace, which is told again.
DELETE FROM decisions WHERE trace = $1;

-- name: insight.clear_effects
-- Remove what is said of one trace, which is told again.
DELETE FROM effects WHERE trace = $1;

-- name: insight.clear_span_labels
-- Remove what is said of one trace, which is told again.
DELETE FROM span_labels WHERE trace = $1;

-- name: insight.drop_traces
-- Forget everything derived; it is read from the log again.
DELETE FROM traces;

-- name: insight.drop_spans
-- Forget everything derived; it is read from the log again.
DELETE FROM spans;

-- name: insight.drop_trace_keys
-- Forget everything derived; it is read from the log again.
DELETE FROM trace_keys;

-- name: insight.drop_decisions
-- Forget everything derived; it is read from the log again.
DELETE FROM decisions;

-- name: insight.drop_effects
-- Forget everything derived; it is read from the log again.
DELETE FROM effects;

-- name: insight.drop_span_labels
-- Forget everything derived; it is read from the log again.
DELETE FROM span_labels;

-- name: insight.drop_usage_days
-- Forget everything derived; it is read from the log again.
DELETE FROM usage_days;

-- name: insight.drop_run_days
-- Forget everything derived; it is read from the log again.
DELETE FROM run_days;

-- name: insight.drop_tool_days
-- Forget everything derived; it is read from the log again.
DELETE FROM tool_days;

-- name: insight.drop_histograms
-- Forget everything derived; it is read from the log again.
DELETE FROM histograms;
