-- name: emission.newest
-- The newest of what there is to tell.
SELECT max(n) FROM tellings;

-- name: emission.of_trace
-- Up to which time a trace has been told.
SELECT max(upto) FROM tellings WHERE trace = $1;

-- name: emission.add
-- Something of a trace is there to be told: what ended in it between two times, and whether it is over.
INSERT INTO tellings (n, trace, since, upto, over) VALUES ($1, $2, $3, $4, $5);

-- name: emission.begin
-- A place from which is told, if there is none yet.
INSERT INTO projections (name, tx, pos) VALUES ($1, 0, $2) ON CONFLICT (name) DO NOTHING;

-- name: emission.next
-- What there is to tell after a place.
SELECT n, trace, since, upto, over FROM tellings WHERE n > $1 ORDER BY n LIMIT $2;

-- name: emission.run
-- A run as the span that holds its others.
SELECT 0, id, '', '', 'flow', flow, started, ended, CASE status WHEN 'succeeded' THEN 'ok' ELSE status END, error, team,
    agent, '', '', '', '', input, cached, cache_written, output, reasoning, cost, 0, 0, human, prompt, release, retries,
    '', '', '', score, flow, session, principal, purpose, environment, simulated
FROM traces WHERE id = $1 AND ended IS NOT NULL;

-- name: emission.spans
-- What ended in a trace between two times, a page at a time.
SELECT s.n, s.trace, s.id, s.parent, s.kind, s.name, s.started, s.ended, s.status, s.error, s.team, s.agent, s.requested,
    s.served, s.provider, s.route, s.input, s.cached, s.cache_written, s.output, s.reasoning, s.cost,
    coalesce(s.queued, 0), coalesce(s.first_token, 0), s.human, s.prompt, s.release, s.retries, s.cache, s.decision,
    s.effect, s.score, t.flow, t.session, t.principal, t.purpose, t.environment, s.simulated,
    CASE s.kind WHEN 'agent' THEN (
        SELECT count(*) FROM spans AS m WHERE m.trace = s.trace AND m.id > s.id || '/' AND m.id < s.id || '0'
            AND m.kind = 'model' AND m.agent = s.agent
    ) ELSE 0 END,
    CASE s.kind WHEN 'agent' THEN (
        SELECT count(*) FROM spans AS u WHERE u.trace = s.trace AND u.id > s.id || '/' AND u.id < s.id || '0'
            AND u.kind = 'tool' AND u.agent = s.agent
    ) ELSE 0 END
FROM spans AS s JOIN traces AS t ON t.id = s.trace
WHERE s.trace = $1 AND s.ended > $2 AND s.ended <= $3 AND s.n > $4 ORDER BY s.n LIMIT $5;

-- name: insight.drop_tellings
-- Forget what there is to tell; the places up to which it was told stay.
DELETE FROM tellings;

-- name: emission.take
-- Take or keep the turn to tell, unless another process has it still: who, and until when.
UPDATE projections SET pos = $2, tx = $4 WHERE name = $1 AND (pos = $2 OR tx < $3);

-- name: emission.give_back
-- End one's own turn.
UPDATE projections SET tx = 0 WHERE name = $1 AND pos = $2;
