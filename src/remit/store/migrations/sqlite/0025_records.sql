-- Projection: which requests hold log records of a trace that another agent sent. What they say lies in the log.
CREATE TABLE foreign_records (
    team    TEXT    NOT NULL,
    trace   TEXT    NOT NULL,
    pos     INTEGER NOT NULL,
    records INTEGER NOT NULL,
    source  TEXT    NOT NULL,
    key_id  TEXT    NOT NULL,
    blob    TEXT    NOT NULL,
    PRIMARY KEY (team, trace, pos)
) STRICT, WITHOUT ROWID;
CREATE INDEX foreign_records_by_key ON foreign_records (key_id);
