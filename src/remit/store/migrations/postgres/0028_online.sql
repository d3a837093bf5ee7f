-- State: what live runs were scored with, in millionths; nothing where there was nothing to measure. The row without a
-- metric says that a run was looked at.
CREATE TABLE online_scores (
    team   text COLLATE "C" NOT NULL,
    run    text COLLATE "C" NOT NULL,
    metric text COLLATE "C" NOT NULL,
    value  bigint CHECK (value BETWEEN 0 AND 1000000),
    judge  text COLLATE "C" NOT NULL,
    most   bigint NOT NULL,
    agent  text COLLATE "C" NOT NULL,
    flow   text COLLATE "C" NOT NULL,
    ended  bigint NOT NULL,
    at     bigint NOT NULL,
    PRIMARY KEY (team, run, metric)
);
CREATE INDEX online_scores_by_end ON online_scores (team, metric, ended);
CREATE INDEX online_scores_paid ON online_scores (team, at) WHERE most > 0;
