-- State: what live runs were scored with, in millionths; nothing where there was nothing to measure. The row without a
-- metric says that a run was looked at.
CREATE TABLE online_scores (
    team   TEXT    NOT NULL,
    run    TEXT    NOT NULL,
    metric TEXT    NOT NULL,
    value  INTEGER CHECK (value BETWEEN 0 AND 1000000),
    judge  TEXT    NOT NULL,
    most   INTEGER NOT NULL,
    agent  TEXT    NOT NULL,
    flow   TEXT    NOT NULL,
    ended  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    PRIMARY KEY (team, run, metric)
) STRICT, WITHOUT ROWID;
CREATE INDEX online_scores_by_end ON online_scores (team, metric, ended);
CREATE INDEX online_scores_paid ON online_scores (team, at) WHERE most > 0;
