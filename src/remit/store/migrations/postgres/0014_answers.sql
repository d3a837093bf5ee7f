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

-- State: what models were used for by agents that are not ours, by day: calls, tokens that were sent and those of them
-- that the provider had cached, answers that were given again and what that saved, in micro-dollars.
CREATE TABLE model_figures (
    day     text COLLATE "C" NOT NULL,
    route   text COLLATE "C" NOT NULL,
    model   text COLLATE "C" NOT NULL,
    calls   bigint NOT NULL,
    prompt  bigint NOT NULL,
    cached  bigint NOT NULL,
    hits    bigint NOT NULL,
    avoided bigint NOT NULL,
    PRIMARY KEY (day, route, model)
);
