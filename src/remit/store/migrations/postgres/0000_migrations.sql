-- The record of what was applied; made before anything else, harmless to repeat.
CREATE TABLE IF NOT EXISTS migrations (
    version bigint NOT NULL PRIMARY KEY,
    name    text   NOT NULL,
    digest  text   NOT NULL,
    at      bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
);
