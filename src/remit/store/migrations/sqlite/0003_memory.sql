-- State: what agents and flows remember beyond a step. Everything about an item is sealed; `id` and `place` are keyed
-- names of the item and of its scope, `scope` is run, user, agent or team, `stamp` is another one with every write.
CREATE TABLE memory (
    id       TEXT    NOT NULL PRIMARY KEY,
    team     TEXT    NOT NULL,
    place    TEXT    NOT NULL,
    scope    TEXT    NOT NULL CHECK (scope IN ('run', 'user', 'agent', 'team')),
    key_id   TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    size     INTEGER NOT NULL,
    stamp    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    expires  INTEGER
) STRICT;
CREATE INDEX memory_by_place ON memory (place, id);
CREATE INDEX memory_by_team ON memory (team, id);
CREATE INDEX memory_by_key ON memory (key_id);
CREATE INDEX memory_by_expiry ON memory (expires) WHERE expires IS NOT NULL;
