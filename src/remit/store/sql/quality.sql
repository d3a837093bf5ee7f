-- name: quality.gates
-- What gates were asked about code held against other code, the newest first.
SELECT e.id, e.suite, e.arm, e.against, w.experiment IS NOT NULL FROM experiments e
JOIN runs r ON r.id = e.id
LEFT JOIN waivers w ON w.team = e.team AND w.experiment = e.id
WHERE e.team = $1 AND e.gate = 1 AND e.against <> '' AND e.at >= $2 AND e.at < $3 AND r.status = 'succeeded'
ORDER BY e.at DESC, e.id DESC;

-- name: quality.of_code
-- What gates were asked about this very code, in order.
SELECT e.id, e.suite, e.against, e.at FROM experiments e
JOIN runs r ON r.id = e.id
WHERE e.team = $1 AND e.gate = 1 AND e.against <> '' AND e.arm = $2 AND r.status = 'succeeded'
ORDER BY e.at, e.id;

-- name: quality.suites
-- The experiment in which each suite was last put to a gate before a time, since another.
SELECT suite, id FROM experiments e
WHERE team = $1 AND gate = 1 AND at >= $2 AND at < $3
  AND NOT EXISTS (SELECT 1 FROM experiments o WHERE o.team = e.team AND o.suite = e.suite AND o.gate = 1
                  AND o.at < $3 AND (o.at > e.at OR (o.at = e.at AND o.id > e.id)))
ORDER BY suite;

-- name: quality.first_failures
-- Tasks of releases that began in a time and were the first to fail in their way.
SELECT r.release, t.started FROM traces t JOIN runs r ON r.id = t.id
WHERE t.team = $1 AND t.started >= $2 AND t.started < $3 AND t.sort = 'task' AND t.status = 'failed'
  AND t.signature <> '' AND t.failure <> 'infrastructure' AND r.release <> '' AND r.channel <> 'shadow'
  AND NOT EXISTS (SELECT 1 FROM traces o WHERE o.team = t.team AND o.signature = t.signature AND o.sort = 'task'
                    AND (o.started < t.started OR (o.started = t.started AND o.id < t.id)))
  AND ($4::text IS NULL OR t.agent = $4) AND ($5::text IS NULL OR t.flow = $5)
ORDER BY t.started, t.id;

-- name: quality.canaries
-- Canaries that began in a time, by what they came to.
SELECT status, count(*) FROM canaries WHERE team = $1 AND started_at >= $2 AND started_at < $3
GROUP BY status ORDER BY status;

-- name: quality.grounded
-- Of tasks that began in a time and were scored: how many say something that can be looked up, in how many of these all
-- of it was found, and the sum of the shares that were.
SELECT count(*), coalesce(sum(CASE WHEN s.value = 1000000 THEN 1 ELSE 0 END), 0)::bigint,
    coalesce(sum(s.value), 0)::bigint
FROM online_scores s JOIN traces t ON t.id = s.run
WHERE s.team = $1 AND s.metric = 'groundedness' AND s.value IS NOT NULL AND s.ended >= $2
  AND t.started >= $2 AND t.started < $3
  AND ($4::text IS NULL OR s.agent = $4) AND ($5::text IS NULL OR s.flow = $5);
