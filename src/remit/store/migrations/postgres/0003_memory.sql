-- State: what agents and flows remember beyond a step. Everything about an item is sealed; `id` and `place` are keyed
-- names of the item and of its scope, `scope` is run, user, agent or team, `stamp` is another one with every write.
CREATE TABLE memory (
    id       text COLLATE "C" NOT NULL PRIMARY KEY,
    team     text COLLATE "C" NOT NULL,
    place    text COLLATE "C" NOT NULL,
    scope    text   NOT NULL CHECK (scope IN ('run', 'user', 'agent', 'team')),
    key_id   text   NOT NULL,
    body     bytea  NOT NULL,
    size     bigint NOT NULL,
    stamp    text   NOT NULL,
    at       bigint NOT NULL,
    expires  bigint
);
CREATE INDEX memory_by_place ON memory (place, id);
CREATE INDEX memory_by_team ON memory (team, id);
CREATE INDEX memory_by_key ON memory (key_id);
CREATE INDEX memory_by_expiry ON memory (expires) WHERE expires IS NOT NULL;
