-- State: answers that were kept for whoever asked: responses that a client may come back for, and what a route answers
-- again. Sealed with the key of the run that gave them; `id` is a keyed tag of owner and name.
CREATE TABLE answers (
    id       text COLLATE "C" NOT NULL PRIMARY KEY,
    kind     text   NOT NULL CHECK (kind IN ('response', 'cache')),
    run      text COLLATE "C" NOT NULL,
    key_id   text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL DEFAULT '',
    status   text   NOT NULL,
    body     bytea  NOT NULL,
    at       bigint NOT NULL,
    expires  bigint NOT NULL
);
CREATE INDEX answers_by_key ON answers (key_id);
CREATE INDEX answers_by_expiry ON answers (expires);
