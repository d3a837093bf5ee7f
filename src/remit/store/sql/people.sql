-- name: people.any
-- Whether this team has any user or service.
SELECT id FROM people WHERE team = $1 LIMIT 1;

-- name: people.all
-- Everybody, with one row for each role.
SELECT p.id, p.team, p.kind, p.active, p.created_at, p.created_by, r.role
FROM people p LEFT JOIN person_roles r ON r.team = p.team AND r.person = p.id
WHERE p.team = $1 ORDER BY p.id, r.role;

-- name: people.get
-- One of them.
SELECT p.id, p.team, p.kind, p.active, p.created_at, p.created_by, r.role
FROM people p LEFT JOIN person_roles r ON r.team = p.team AND r.person = p.id
WHERE p.team = $1 AND p.id = $2 ORDER BY r.role;

-- name: people.add
-- Somebody new.
INSERT INTO people (team, id, kind, created_at, created_by) VALUES ($1, $2, $3, $4, $5);

-- name: people.give_role
-- A role or group.
INSERT INTO person_roles (team, person, role) VALUES ($1, $2, $3) ON CONFLICT (team, person, role) DO NOTHING;

-- name: people.take_role
-- One role or group less.
DELETE FROM person_roles WHERE team = $1 AND person = $2 AND role = $3;

-- name: people.switch
-- May act, or may not.
UPDATE people SET active = $3 WHERE team = $1 AND id = $2 AND active <> $3;

-- name: people.other_admin
-- Touches a person only if somebody else is an admin who has a key that opens something.
UPDATE people SET active = active WHERE team = $1 AND id = $2 AND EXISTS (
    SELECT 1 FROM people o
    JOIN person_roles r ON r.team = o.team AND r.person = o.id AND r.role = 'admin'
    JOIN access_keys k ON k.team = o.team AND k.person = o.id
    WHERE o.team = $1 AND o.id <> $2 AND o.active = 1 AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > $3) AND k.scope = ''
      AND (k.roles = '' OR ' ' || k.roles || ' ' LIKE '% admin %'));

-- name: people.keep_admin
-- Touches the owner of a key only if some other key still opens the door for an admin.
UPDATE people SET active = active WHERE team = $1 AND id = $2 AND EXISTS (
    SELECT 1 FROM people o
    JOIN person_roles r ON r.team = o.team AND r.person = o.id AND r.role = 'admin'
    JOIN access_keys k ON k.team = o.team AND k.person = o.id
    WHERE o.team = $1 AND o.active = 1 AND k.id <> $3 AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > $4) AND k.scope = ''
      AND (k.roles = '' OR ' ' || k.roles || ' ' LIKE '% admin %'));

-- name: people.add_key
-- A key, by its public part.
INSERT INTO access_keys (id, team, person, digest, roles, label, created_at, created_by, expires_at, scope)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: people.key
-- One key.
SELECT id, team, person, roles, label, created_at, created_by, expires_at, revoked_at, revoked_by, digest, scope
FROM access_keys WHERE id = $1;

-- name: people.keys
-- The keys of everybody, or of one.
SELECT id, team, person, roles, label, created_at, created_by, expires_at, revoked_at, revoked_by, scope
FROM access_keys WHERE team = $1 AND ($2::text IS NULL OR person = $2) ORDER BY person, created_at, id;

-- name: people.end_key
-- A key opens nothing from now on.
UPDATE access_keys SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL;

-- name: people.shorten_key
-- A key ends sooner than it would have: it was replaced, and there is a time to change over.
UPDATE access_keys SET expires_at = $2
WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2);

-- name: people.roles
-- Everybody's state and roles, for the gate.
SELECT p.id, p.active, r.role FROM people p
LEFT JOIN person_roles r ON r.team = p.team AND r.person = p.id WHERE p.team = $1;
