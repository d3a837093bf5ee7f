-- name: flags.list
-- The flags of a team, by name.
SELECT name, kind, target, said, percent, salt, since, set_by FROM flags WHERE team = $1 ORDER BY name;

-- name: flags.put
-- A flag stands like this from now on; who is in its share stays, as long as it has the same salt.
INSERT INTO flags (team, name, kind, target, said, percent, salt, since, set_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (team, name) DO UPDATE
SET kind = excluded.kind, target = excluded.target, said = excluded.said, percent = excluded.percent,
    salt = excluded.salt, since = excluded.since, set_by = excluded.set_by;

-- name: flags.remove
-- A flag that decides nothing any more.
DELETE FROM flags WHERE team = $1 AND name = $2;
