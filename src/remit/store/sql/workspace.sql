-- name: workspace.get
-- One fact about the workspace.
SELECT value FROM workspace WHERE name = $1;

-- name: workspace.set
-- Record a fact about the workspace; the first one stays.
INSERT INTO workspace (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING;

-- name: workspace.add_principal
-- Somebody may act.
INSERT INTO principals (id, team, kind, key_digest, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: workspace.principal
-- Who presents this key.
SELECT id, team, kind FROM principals WHERE key_digest = $1 AND revoked_at IS NULL;

-- name: workspace.any_principal
-- Whether anybody may act at all.
SELECT id FROM principals LIMIT 1;
