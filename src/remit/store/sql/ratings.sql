-- name: ratings.give
-- How well somebody could decide about a question; what they said last counts.
INSERT INTO ratings (approval, person, team, rating, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (approval, person) DO UPDATE SET rating = excluded.rating, at = excluded.at;

-- name: ratings.voices
-- Whose voices were ever counted about a question.
SELECT DISTINCT person FROM votes WHERE subject = $1;

-- name: ratings.since (sqlite)
-- How often each rating was given, of questions that were asked in a time, by tasks of an agent or a flow if one is named.
SELECT r.rating, count(*) FROM ratings r JOIN approvals a ON a.id = r.approval
WHERE a.team = $1 AND a.asked_at >= $2 AND a.asked_at < $3 AND a.canary = 0
  AND (coalesce($4, $5) IS NULL OR EXISTS (
    SELECT 1 FROM traces t WHERE t.id = substr(a.run, 1, instr(a.run || '.', '.') - 1)
      AND ($4 IS NULL OR t.agent = $4) AND ($5 IS NULL OR t.flow = $5)))
GROUP BY r.rating ORDER BY r.rating;

-- name: ratings.since (postgres)
-- How often each rating was given, of questions that were asked in a time, by tasks of an agent or a flow if one is named.
SELECT r.rating, count(*) FROM ratings r JOIN approvals a ON a.id = r.approval
WHERE a.team = $1 AND a.asked_at >= $2 AND a.asked_at < $3 AND a.canary = 0
  AND (coalesce($4::text, $5::text) IS NULL OR EXISTS (
    SELECT 1 FROM traces t WHERE t.id = split_part(a.run, '.', 1)
      AND ($4::text IS NULL OR t.agent = $4) AND ($5::text IS NULL OR t.flow = $5)))
GROUP BY r.rating ORDER BY r.rating;
