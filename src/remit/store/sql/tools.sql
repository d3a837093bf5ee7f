-- name: tools.all
-- Every tool of a team as somebody accepted it, and what waits to be accepted.
SELECT tool, digest, accepted_by, accepted_at, manifest, pending, pending_manifest
FROM tool_digests WHERE team = $1 ORDER BY tool;

-- name: tools.get
-- One tool.
SELECT tool, digest, accepted_by, accepted_at, manifest, pending, pending_manifest
FROM tool_digests WHERE team = $1 AND tool = $2;

-- name: tools.first
-- A tool is seen for the first time and accepted as it is; of two processes, one is first.
INSERT INTO tool_digests (team, tool, digest, accepted_by, accepted_at, manifest)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (team, tool) DO NOTHING;

-- name: tools.unknown
-- A tool is seen for the first time and waits for somebody to accept it.
INSERT INTO tool_digests (team, tool, pending, pending_manifest)
VALUES ($1, $2, $3, $4) ON CONFLICT (team, tool) DO NOTHING;

-- name: tools.replace
-- Accept a definition in place of the one that is accepted now, unless somebody was faster.
UPDATE tool_digests SET digest = $4, accepted_by = $5, accepted_at = $6, manifest = $7,
    pending = '', pending_manifest = ''
WHERE team = $1 AND tool = $2 AND digest = $3;

-- name: tools.accept
-- Accept exactly the definition that waits.
UPDATE tool_digests SET digest = pending, manifest = pending_manifest, accepted_by = $4, accepted_at = $5,
    pending = '', pending_manifest = ''
WHERE team = $1 AND tool = $2 AND pending = $3 AND pending <> '';

-- name: tools.quarantine
-- A definition waits; the one accepted stays what it is. Once for each definition.
UPDATE tool_digests SET pending = $4, pending_manifest = $5
WHERE team = $1 AND tool = $2 AND digest = $3 AND pending <> $4;

-- name: tools.release
-- The tool is again what was accepted; nothing waits any more.
UPDATE tool_digests SET pending = '', pending_manifest = '' WHERE team = $1 AND tool = $2 AND digest = $3;
