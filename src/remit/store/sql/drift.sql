-- name: drift.subjects
-- Whose runs began since a moment: by agent, or by flow where no agent took part.
SELECT CASE WHEN agent <> '' THEN 'agent' ELSE 'flow' END AS kind, CASE WHEN agent <> '' THEN agent ELSE flow END AS name,
    count(*) AS runs
FROM traces WHERE team = $1 AND started >= $2 AND sort IN ('task', 'exchange', 'child') AND ended IS NOT NULL
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT $3;

-- name: drift.runs
-- The newest runs of an agent, or of a flow without one, since a moment, that are over, as numbers.
-- each: agent flow
SELECT id, started, status, failure, model_calls + tool_calls, cost, flow, release FROM traces
WHERE team = $1 AND @each = $2 AND started >= $3 AND sort IN ('task', 'exchange', 'child')
    AND status IN ('succeeded', 'failed') AND ended IS NOT NULL AND ($4 = 'agent' OR agent = '')
ORDER BY started DESC, id DESC LIMIT $5;

-- name: drift.kept
-- By how many runs an agent, or a flow without one, is judged, and when the first of them began.
-- each: agent flow
SELECT count(*), min(started) FROM traces
WHERE team = $1 AND @each = $2 AND started >= $3 AND sort IN ('task', 'exchange', 'child')
    AND status IN ('succeeded', 'failed') AND ended IS NOT NULL AND ($4 = 'agent' OR agent = '');

-- name: drift.spans (sqlite)
-- Which models and tools were called in some traces, and by what they were shaped.
SELECT trace, kind, name, agent, requested, served, prompt, count(*) FROM spans
WHERE trace IN (SELECT value FROM json_each($1)) AND kind IN ('model', 'tool')
GROUP BY trace, kind, name, agent, requested, served, prompt;

-- name: drift.spans (postgres)
-- Which models and tools were called in some traces, and by what they were shaped.
SELECT trace, kind, name, agent, requested, served, prompt, count(*) FROM spans
WHERE trace IN (SELECT jsonb_array_elements_text($1::text::jsonb)) AND kind IN ('model', 'tool')
GROUP BY trace, kind, name, agent, requested, served, prompt;

-- name: drift.tools
-- Definitions of tools that were accepted since a moment.
SELECT tool, digest, accepted_at FROM tool_digests
WHERE team = $1 AND accepted_at >= $2 AND digest <> '' ORDER BY accepted_at, tool;

-- name: drift.policies
-- Sets of rules that are in force or were, in the order in which they were first seen.
SELECT digest, at FROM policy_versions WHERE team = $1 ORDER BY at, digest;

-- name: drift.watch
-- From which run on an agent or a flow is looked at, and how far that was done.
SELECT anchor, looked FROM drift_watches WHERE team = $1 AND kind = $2 AND subject = $3;

-- name: drift.newest
-- How far anything of a team was looked at.
SELECT max(looked) FROM drift_watches WHERE team = $1;

-- name: drift.looked
-- It was looked at so far, and is looked at from there on, unless somebody was faster.
INSERT INTO drift_watches (team, kind, subject, anchor, looked) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (team, kind, subject) DO UPDATE SET anchor = excluded.anchor, looked = excluded.looked
WHERE drift_watches.anchor = $6 AND drift_watches.looked <= excluded.looked;

-- name: drift.found
-- Something drifted; what, stands in the event that was just written.
INSERT INTO drift_findings (id, team, kind, subject, what, value, at, found_at, stream, seq)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, stream, seq FROM stream_heads WHERE stream = $9
ON CONFLICT (id) DO NOTHING;

-- name: drift.findings
-- What drifted since a moment, the newest first.
SELECT id, kind, subject, at, found_at, stream, seq FROM drift_findings
WHERE team = $1 AND found_at >= $2 AND ($3 = '' OR subject = $3) ORDER BY found_at DESC, id LIMIT $4;

-- name: drift.known
-- Whether this was found before, or, of what changed, that it became this since a moment.
SELECT id FROM drift_findings WHERE id = $1
    OR (team = $2 AND kind = $3 AND subject = $4 AND what = $5 AND value = $6 AND value <> '' AND at >= $7) LIMIT 1;
