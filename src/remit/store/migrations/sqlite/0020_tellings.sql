-- Projection: what there is to tell a receiver of OpenTelemetry, in the order in which it came to its end.
CREATE TABLE tellings (
    n     INTEGER NOT NULL PRIMARY KEY,
    trace TEXT NOT NULL,
    since INTEGER NOT NULL,
    upto  INTEGER NOT NULL,
    over  INTEGER NOT NULL
) STRICT;
CREATE INDEX tellings_of_trace ON tellings (trace, upto);
