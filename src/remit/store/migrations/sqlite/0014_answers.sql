-- State: answers that were kept for whoever asked: responses that a client may come back for, and what a route answers
-- again. Sealed with the key of the run that gave them; `id` is a keyed tag of owner and name.
CREATE TABLE answers (
    id       TEXT    NOT NULL PRIMARY KEY,
    kind     TEXT    NOT NULL CHECK (kind IN ('response', 'cache')),
    run      TEXT    NOT NULL,
    key_id   TEXT    NOT NULL,
    previous TEXT    NOT NULL DEFAULT '',
    status   TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    at       INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_key ON answers (key_id);
CREATE INDEX answers_by_expiry ON answers (expires);

-- State: what models were used for by agents that are not ours, by day: calls, tokens that were sent and those of them
-- that the provider had cached, answers that were given again and what that saved, in micro-dollars.
CREATE TABLE model_figures (
    day     TEXT    NOT NULL,
    route   TEXT    NOT NULL,
    model   TEXT    NOT NULL,
    calls   INTEGER NOT NULL,
    prompt  INTEGER NOT NULL,
    cached  INTEGER NOT NULL,
    hits    INTEGER NOT NULL,
    avoided INTEGER NOT NULL,
    PRIMARY KEY (day, route, model)
) STRICT, WITHOUT ROWID;
