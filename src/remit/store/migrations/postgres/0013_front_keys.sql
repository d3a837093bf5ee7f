-- State: what a key of an agent is limited to, as JSON; empty for the keys of people.
ALTER TABLE access_keys ADD COLUMN scope text NOT NULL DEFAULT '';

-- State: exchanges that wait for a person although nobody is connected any more, by a keyed tag of the key and the action;
-- and requests that named themselves, so that the same one is made once.
CREATE TABLE exchanges (
    tag  text COLLATE "C" NOT NULL PRIMARY KEY,
    run  text COLLATE "C" NOT NULL,
    kind text   NOT NULL CHECK (kind IN ('action', 'request')),
    body text   NOT NULL DEFAULT '',
    at   bigint NOT NULL
);
CREATE INDEX exchanges_by_run ON exchanges (run);
CREATE INDEX exchanges_by_age ON exchanges (at);
