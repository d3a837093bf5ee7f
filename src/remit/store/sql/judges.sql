-- name: judges.card
-- What a judge is worth from now on; the figures stand in the event that was just written.
INSERT INTO judge_cards (team, judge, digest, status, card, labels, version, stream, seq, made_at, made_by, changed_at, why)
SELECT $1, $2, $3, 'current', $4, $5, $6, stream, seq, $8, $9, $8, '' FROM stream_heads WHERE stream = $7
ON CONFLICT (team, judge, digest) DO UPDATE SET status = 'current', card = excluded.card, labels = excluded.labels,
    version = excluded.version, stream = excluded.stream, seq = excluded.seq, made_at = excluded.made_at,
    made_by = excluded.made_by, changed_at = excluded.changed_at, why = '';

-- name: judges.cards
-- The cards of a team, the newest of each judge first.
SELECT judge, digest, status, card, labels, version, made_at, made_by, changed_at, why FROM judge_cards
WHERE team = $1 ORDER BY judge, made_at DESC;

-- name: judges.suspend
-- A judge may not gate any more.
UPDATE judge_cards SET status = 'suspended', changed_at = $4, why = $5
WHERE team = $1 AND judge = $2 AND digest = $3 AND status = 'current';

-- name: judges.check
-- Whether a judge still says what people said of a golden item.
INSERT INTO judge_checks (team, judge, digest, item, agreed, at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (team, judge, digest, at, item) DO NOTHING;

-- name: judges.checks
-- All of these since it was calibrated, in order.
SELECT item, agreed, at FROM judge_checks WHERE team = $1 AND judge = $2 AND digest = $3 AND at >= $4 ORDER BY at, item;
