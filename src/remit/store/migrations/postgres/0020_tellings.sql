-- Projection: what there is to tell a receiver of OpenTelemetry, in the order in which it came to its end.
CREATE TABLE tellings (
    n     bigint NOT NULL PRIMARY KEY,
    trace text COLLATE "C" NOT NULL,
    since bigint NOT NULL,
    upto  bigint NOT NULL,
    over  bigint NOT NULL
);
CREATE INDEX tellings_of_trace ON tellings (trace, upto);
